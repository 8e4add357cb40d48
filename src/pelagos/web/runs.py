"""The list of runs, trainings and batch predictions, live, with filters that the address holds."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Hashable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import records, states
from pelagos.runtime.console import status as statuses
from pelagos.web import desk as desks
from pelagos.web import paging, run_recipes

WATCHED = 200
"""The newest runs are watched; an older one that still changes is seen when the page is loaded again."""

_GOING = tuple(state for state in states.State if not state.final)


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    desk.live.add("runs", functools.partial(_mark, desk))
    return [Route("/runs", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the list."""
    live = await desk.live.address("runs")
    wanted = _wanted(request)
    total, pages, rows = await asyncio.to_thread(_rows, desk, request, wanted)
    modules = await asyncio.to_thread(lambda: [each.name for each in desk.hub.modules.list()])
    return desk.page(
        request,
        "runs.html",
        title="Runs",
        section="runs",
        live=live,
        rows=rows,
        total=total,
        pages=pages,
        filters=_filters(request),
        states=list(states.State),
        kinds=list(records.Kind),
        modules=modules,
        recipe=run_recipes.runs(desk.origin(request)),
    )


def _filters(request: Request) -> dict[str, str]:
    query = request.query_params
    return {name: query.get(name, "")[:200] for name in ("state", "kind", "module", "text", "deleted")}


def _wanted(request: Request) -> dict[str, Any]:
    """Read the filters; nonsense in the address narrows nothing."""
    said = _filters(request)
    return {
        "kind": records.Kind(said["kind"]) if said["kind"] in set(records.Kind) else None,
        "module": said["module"] or None,
        "states": (states.State(said["state"]),) if said["state"] in set(states.State) else (),
        "text": said["text"],
        "deleted": None if said["deleted"] == "1" else False,
    }


def _rows(desk: desks.Desk, request: Request, wanted: dict[str, Any]) -> tuple[int, paging.Pages, list[statuses.Row]]:
    jobs, now = desk.hub.jobs, desk.hub.clock.now()
    total = jobs.count(**wanted)
    pages = paging.pages(request, total)
    found = jobs.find(**wanted, limit=pages.size, offset=pages.offset)
    return (
        total,
        pages,
        [statuses.row(job, jobs.run_folder(job.id), now, desk.known.chosen(job)) for job in found],
    )


def _mark(desk: desks.Desk) -> Hashable:
    jobs = desk.hub.jobs
    going = jobs.find(states=_GOING, limit=WATCHED)
    progress = tuple((job.id, repr(jobs.run_folder(job.id).progress())) for job in going)
    return jobs.versions(limit=WATCHED), progress
