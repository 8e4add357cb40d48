"""Long acts on pages: how they go, what makes them end, and the one that only a page begins: to install a module."""

from __future__ import annotations

import asyncio
import datetime
import functools
from collections.abc import Hashable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.identity import Role
from pelagos.web import desk as desks
from pelagos.web import shelf, using

SHOWN_FOR = datetime.timedelta(days=1)
"""How long a page tells what did not go well."""
_LOOKED_AT = 50
_PAGES = {
    orchestrator.Kind.DATASET: "/datasets",
    orchestrator.Kind.PROPOSAL: "/proposals",
    orchestrator.Kind.SOURCE: "/sources",
}


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these acts."""
    desk.live.add("acts", functools.partial(_mark, desk))
    return [
        Route("/modules/{name}/install", functools.partial(install, desk), methods=["POST"]),
        Route("/acts/{id}/cancel", functools.partial(cancel, desk), methods=["POST"]),
    ]


async def install(desk: desks.Desk, request: Request) -> Response:
    """Begin to install a module, from where its card says that it is."""
    person = desks.require(request, Role.ADMIN)
    entry = await asyncio.to_thread(shelf.find, desk, request.path_params["name"])
    if not entry.source:
        raise errors.Conflict(
            "The card does not say where the module can be had.", hint="Install it by hand: pelagos install SOURCE"
        )
    key = (await desks.said(request)).get("key") or None
    kind = orchestrator.Kind.INSTALLATION
    await asyncio.to_thread(desk.hub.acts.begin, kind, entry.source, key=key, person=person)
    return RedirectResponse(using.address(entry.card.name), status_code=303)


async def cancel(desk: desks.Desk, request: Request) -> Response:
    """Ask one to end."""
    act = await asyncio.to_thread(desk.hub.acts.cancel, request.path_params["id"], desks.person(request))
    return RedirectResponse(_PAGES.get(act.kind, "/modules"), status_code=303)


def recent(desk: desks.Desk, kind: orchestrator.Kind) -> tuple[orchestrator.Act, ...]:
    """List what goes on, and what did not go well today and was not tried again."""
    newest: dict[str, orchestrator.Act] = {}
    for each in desk.hub.acts.find(kinds=[kind], limit=_LOOKED_AT):
        newest.setdefault(each.about, each)
    since = desk.hub.clock.now() - SHOWN_FOR
    bad = (orchestrator.ActState.FAILED, orchestrator.ActState.INTERRUPTED)
    return tuple(each for each in newest.values() if not each.final or (each.state in bad and each.changed > since))


def installation(desk: desks.Desk, source: str) -> orchestrator.Act | None:
    """Find the last installation from a source."""
    found = desk.hub.acts.find(kinds=[orchestrator.Kind.INSTALLATION], about=source, limit=1) if source else ()
    return found[0] if found else None


def _mark(desk: desks.Desk) -> Hashable:
    return tuple((each.id, each.state, each.step, each.done) for each in desk.hub.acts.find(limit=_LOOKED_AT))
