"""Install a module from its page, and show how that goes on."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Hashable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors
from pelagos.identity import Role
from pelagos.web import desk as desks
from pelagos.web import shelf, using


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this act."""
    desk.live.add("installations", functools.partial(_mark, desk))
    return [Route("/modules/{name}/install", functools.partial(install, desk), methods=["POST"])]


async def install(desk: desks.Desk, request: Request) -> Response:
    """Begin to install a module, from where its card says that it is."""
    desks.require(request, Role.ADMIN)
    entry = await asyncio.to_thread(shelf.find, desk, request.path_params["name"])
    if not entry.source:
        raise errors.Conflict(
            "The card does not say where the module can be had.", hint="Install it by hand: pelagos install SOURCE"
        )
    desk.installations.begin(entry.card.name, entry.source)
    return RedirectResponse(using.address(entry.card.name), status_code=303)


def _mark(desk: desks.Desk) -> Hashable:
    return desk.installations.all()
