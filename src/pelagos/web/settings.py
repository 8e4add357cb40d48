"""The hub's settings with where each comes from, to be read; they are changed in the file, the environment or flags."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
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
        groups=_groups(desk.hub.settings.shown),
        recipe=recipes.settings(desk.origin(request)),
    )


def _groups(shown: Sequence[orchestrator.Setting]) -> list[tuple[str, list[orchestrator.Setting]]]:
    """Gather settings by their branch; those without one come first."""
    found: dict[str, list[orchestrator.Setting]] = {}
    for each in shown:
        found.setdefault(each.name.rpartition(".")[0] or "general", []).append(each)
    return list(found.items())
