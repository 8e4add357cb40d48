"""The first page: what runs, what ended, where to begin, how full the sites are."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos import catalog
from pelagos.catalog import queries
from pelagos.domain import records, states
from pelagos.runtime.console import status as statuses
from pelagos.web import desk as desks
from pelagos.web import recipes, sites

GOING = 10
ENDED = 6
MODULES = 6


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [Route("/", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw it."""
    live = await desk.live.address("runs", "deployments", "modules")
    seen = await asyncio.to_thread(_seen, desk)
    return desk.page(
        request,
        "overview.html",
        title="Overview",
        section="overview",
        live=live,
        training=records.Kind.TRAINING,
        places=await sites.places(desk),
        recipe=recipes.overview(desk.origin(request)),
        **seen,
    )


def _seen(desk: desks.Desk) -> dict[str, Any]:
    hub = desk.hub
    going = tuple(state for state in states.State if not state.final)
    newest = catalog.search(hub.cards, catalog.Query(sort=queries.Sort.UPDATED, limit=MODULES))
    return {
        "going": _rows(desk, going, GOING),
        "ended": _rows(desk, tuple(states.FINAL), ENDED),
        "deployments": hub.deployments.find(limit=GOING),
        "modules": newest.hits,
        "total": newest.total,
        "installed": frozenset(desk.installed().values()),
    }


def _rows(desk: desks.Desk, wanted: tuple[states.State, ...], limit: int) -> list[statuses.Row]:
    jobs, now = desk.hub.jobs, desk.hub.clock.now()
    return [statuses.row(job, jobs.run_folder(job.id), now, {}) for job in jobs.find(states=wanted, limit=limit)]
