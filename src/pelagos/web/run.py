"""The page of one run, what it follows, what can be fetched from its folder, and how it is ended."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors, records, states
from pelagos.runtime.console import ending, events, exhibits, following, pickers
from pelagos.runtime.console import status as statuses
from pelagos.web import desk as desks
from pelagos.web import run_recipes


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/runs/{id}"
    made: list[BaseRoute] = [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(f"{page}/stream", functools.partial(stream, desk), methods=["GET"]),
        Route(f"{page}/log", functools.partial(log, desk), methods=["GET"]),
        Route(f"{page}/files/{{name:path}}", functools.partial(file, desk), methods=["GET"]),
    ]
    for verb in ending.VERBS.values():
        made.append(Route(f"{page}/{verb.name}", functools.partial(ask, desk, verb), methods=["GET"]))
        made.append(Route(f"{page}/{verb.name}", functools.partial(act, desk, verb), methods=["POST"]))
    return made


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page as it is now; a script follows what comes."""
    job = await asyncio.to_thread(desk.hub.jobs.get, request.path_params["id"])
    query = request.query_params
    told = await asyncio.to_thread(_facts, desk, job, query.get("log", "")[:200], query.get("compare", ""))
    return desk.page(
        request,
        "run.html",
        title=f"Run {job.id[:8]}",
        section="runs",
        recipe=run_recipes.run(desk.origin(request), job.id),
        **told,
    )


async def stream(desk: desks.Desk, request: Request) -> Response:
    """Send what happens, from where the reader left off."""
    job = await asyncio.to_thread(desk.hub.jobs.get, request.path_params["id"])
    desk.live.end_with_server()
    place = following.place(request)
    sent = following.follow(desk.hub.jobs, job.id, place, watches=desk.live.watches, draw=desk.draw)
    return StreamingResponse(sent, media_type=events.MEDIA_TYPE, headers=events.HEADERS)


async def log(desk: desks.Desk, request: Request) -> Response:
    """Send the whole log."""
    job = await asyncio.to_thread(desk.hub.jobs.get, request.path_params["id"])
    return exhibits.send_log(desk.hub.jobs.run_folder(job.id), job.id)


async def file(desk: desks.Desk, request: Request) -> Response:
    """Send one file of the run folder."""
    job = await asyncio.to_thread(desk.hub.jobs.get, request.path_params["id"])
    return await exhibits.send_file(desk.hub.jobs.run_folder(job.id), request.path_params["name"])


async def ask(desk: desks.Desk, verb: ending.Verb, request: Request) -> Response:
    """Ask back; a run for which the act makes no sense any more is shown instead."""
    job = await asyncio.to_thread(desk.hub.jobs.get, request.path_params["id"])
    back = f"/runs/{job.id}"
    if not ending.sensible(job, verb):
        return RedirectResponse(back, status_code=303)
    return desk.confirm(
        request,
        question=verb.question.format(job.id[:8]).replace("training", "run"),
        consequence=verb.consequence,
        act=verb.act.replace("training", "run"),
        back=back,
    )


async def act(desk: desks.Desk, verb: ending.Verb, request: Request) -> Response:
    """Do it, and show the run. Raises Conflict where the jobs room does."""
    job_id = request.path_params["id"]
    done = desk.hub.jobs.delete if verb.name == "delete" else desk.hub.jobs.cancel
    await asyncio.to_thread(done, job_id)
    return RedirectResponse(f"/runs/{job_id}", status_code=303)


def _facts(desk: desks.Desk, job: records.Job, log_filter: str, compared: str) -> dict[str, Any]:
    jobs, here = desk.hub.jobs, f"/runs/{job.id}"
    folder = jobs.run_folder(job.id)
    others = pickers.others(jobs, job)
    other = jobs.get(compared) if compared in {each.value for each in others} else None
    description = desk.known.find(job.module)
    return {
        "job": job,
        "here": here,
        "status": statuses.status(job, folder, desk.hub.clock.now()),
        "model": _model(desk, job),
        "known": description is not None,
        "again": description is not None and job.kind is records.Kind.TRAINING and bool(description["train"]),
        "history": jobs.history(job.id),
        "others": others,
        "compared": other.id if other else "",
        "argument_rows": exhibits.arguments(desk.known.parameters(job), job, other),
        "wanted": _wanted(job),
        **exhibits.result(job),
        **exhibits.points(folder),
        **exhibits.log(folder, log_filter, here, job),
        **exhibits.files(folder),
    }


def _model(desk: desks.Desk, job: records.Job) -> Any:
    """Give the model that the run left; None when there is none, or none any more."""
    if job.kind is not records.Kind.TRAINING or job.state is not states.State.DONE or job.deleted:
        return None
    try:
        return desk.hub.models.get(job.id)
    except errors.NotFound:
        return None


def _wanted(job: records.Job) -> dict[str, Any]:
    """List the resources that were asked for."""
    named = {"cpus": "CPUs", "gpus": "GPUs", "memory_mb": "memory (MiB)", "wall_time_s": "wall time (s)"}
    asked = dataclasses.asdict(job.resources)
    return {text: asked[name] for name, text in named.items() if asked[name]}
