"""The hub's settings with where each comes from, to be read; they are changed in the file, the environment or flags.

And the browsers that are logged in, which can be logged out.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.web import desk as desks
from pelagos.web import recipes


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    one, others = "/settings/sessions/{id}/end", "/settings/sessions/end"
    return [
        Route("/settings", functools.partial(show, desk), methods=["GET"]),
        *(Route(path, functools.partial(ask, desk), methods=["GET"]) for path in (one, others)),
        *(Route(path, functools.partial(end, desk), methods=["POST"]) for path in (one, others)),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw it."""
    return desk.page(
        request,
        "settings.html",
        title="Settings",
        section="settings",
        groups=_groups(desk.hub.settings.shown),
        sessions=await asyncio.to_thread(desk.hub.people.sessions),
        recipe=recipes.sessions(desk.origin(request)),
    )


async def ask(desk: desks.Desk, request: Request) -> Response:
    """Ask before a session is ended, or all others are."""
    found = {each.id: each for each in await asyncio.to_thread(desk.hub.people.sessions)}
    wanted = request.path_params.get("id")
    if wanted is not None and wanted not in found:
        raise errors.NotFound("There is no such session, or it has ended.")
    said = found[wanted].agent if wanted is not None else "all other browsers"
    return desk.confirm(
        request,
        question=f"Log out {said}?",
        consequence="What was begun there goes on. A new login link lets it in again.",
        act="Log out",
        back="/settings",
    )


async def end(desk: desks.Desk, request: Request) -> Response:
    """End a session, or all others."""
    people, wanted = desk.hub.people, request.path_params.get("id")
    if wanted is not None:
        await asyncio.to_thread(people.end_session, wanted)
    else:
        await asyncio.to_thread(people.end_others, desks.person(request).session)
    return RedirectResponse("/settings", status_code=303)


def _groups(shown: Sequence[orchestrator.Setting]) -> list[tuple[str, list[orchestrator.Setting]]]:
    """Gather settings by their branch; those without one come first."""
    found: dict[str, list[orchestrator.Setting]] = {}
    for each in shown:
        found.setdefault(each.name.rpartition(".")[0] or "general", []).append(each)
    return list(found.items())
