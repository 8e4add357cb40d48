"""The hub's settings with where each comes from, to be read; they are changed in the file, the environment or flags."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos.web import desk as desks
from pelagos.web import recipes


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [Route("/settings", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw it."""
    return desk.page(
        request,
        "settings.html",
        title="Settings",
        section="settings",
        settings=desk.hub.settings,
        address=desk.hub.address,
        recipe=recipes.settings(desk.origin(request)),
    )
