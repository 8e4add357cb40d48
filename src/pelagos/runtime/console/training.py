"""The page of one training, what it follows, and what can be fetched from its folder."""

from __future__ import annotations

import asyncio
import datetime
import functools
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos.domain import records, states
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import events, exhibits, following, pickers, recipes
from pelagos.runtime.console import status as statuses


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/trainings/{id}"
    return [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(f"{page}/stream", functools.partial(stream, desk), methods=["GET"]),
        Route(f"{page}/log", functools.partial(log, desk), methods=["GET"]),
        Route(f"{page}/files/{{name:path}}", functools.partial(file, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page as it is now; a script follows what comes."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    wanted = request.query_params
    told = await asyncio.to_thread(_facts, desk, job, wanted.get("log", "")[:200], wanted.get("compare", ""))
    return desk.page(
        "training.html",
        title=f"Training {job.id[:8]}",
        section="trainings",
        module=job.module if job.module in desk.service.modules else None,
        recipe=recipes.training(desks.origin(request, desk.base), job.module, job.id),
        **told,
    )


async def stream(desk: desks.Desk, request: Request) -> Response:
    """Send what happens, from where the reader left off."""
    job_id = request.path_params["id"]
    await asyncio.to_thread(desk.jobs.get, job_id)
    desk.end_with_service()
    sent = following.follow(desk.jobs, job_id, following.place(request), watches=desk.watches, draw=desk.draw)
    return StreamingResponse(sent, media_type=events.MEDIA_TYPE, headers=events.HEADERS)


async def log(desk: desks.Desk, request: Request) -> Response:
    """Send the whole log, as it is, piece by piece."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    return exhibits.send_log(desk.jobs.run_folder(job.id), job.id)


async def file(desk: desks.Desk, request: Request) -> Response:
    """Send one file of the run folder; only those that the page lists."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    return await exhibits.send_file(desk.jobs.run_folder(job.id), request.path_params["name"])


def _facts(desk: desks.Desk, job: records.Job, log_filter: str, compared: str) -> dict[str, Any]:
    folder = desk.jobs.run_folder(job.id)
    here = desk.address(f"/trainings/{job.id}")
    others = pickers.others(desk.jobs, job)
    compared = compared if compared in {other.value for other in others} else ""
    served = desk.service.modules.get(job.module)
    return {
        "job": job,
        "here": here,
        "status": statuses.status(job, folder, datetime.datetime.now(datetime.UTC)),
        "usable": job.state is states.State.DONE and not job.deleted and folder.has_model and served is not None,
        "served": served is not None and bool(served.description["train"]),
        "history": desk.jobs.history(job.id),
        "others": others,
        "compared": compared,
        "argument_rows": exhibits.arguments(
            desk.parameters(job.module), job, desk.jobs.get(compared) if compared else None
        ),
        **exhibits.result(job),
        **exhibits.points(folder),
        **exhibits.log(folder, log_filter, here, job),
        **exhibits.files(folder),
    }
