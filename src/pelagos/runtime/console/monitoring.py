"""The address of a training's TensorBoard: starts it, passes everything on to it, or says what to install."""

from __future__ import annotations

import asyncio
import functools
import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos import jobs as jobs_room
from pelagos.domain import errors, records
from pelagos.module import tensorboard
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import proxy

METHODS = ["GET", "HEAD", "POST"]


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of the monitor."""
    return [Route("/trainings/{id}/monitor/{rest:path}", functools.partial(monitor, desk), methods=METHODS)]


async def monitor(desk: desks.Desk, request: Request) -> Response:
    """Answer with what the training's TensorBoard says."""
    desk.end_with_service()
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    if job.deleted is not None:
        raise errors.NotFound("The files of this training were deleted.")
    page = desk.address(f"/trainings/{job.id}")
    if not desk.monitors.available:
        return _missing(desk, page)
    prefix = f"{page}/monitor"
    folder = await asyncio.to_thread(events_folder, job, desk.jobs.run_folder(job.id))
    port = await desk.monitors.port(job.id, folder, prefix)
    return await proxy.forward(request, port, f"{prefix}/{request.path_params['rest']}")


def events_folder(job: records.Job, run: jobs_room.RunFolder) -> Path:
    """Give the folder with the training's events: its own, or that of the models which its module wrote meanwhile.

    DEEPaaS modules know nothing of run folders: their events are somewhere below `models/` of their repository. Of two
    trainings at once both are shown, under the names of their models.
    """
    if job.started is None or any(run.tensorboard.glob("*tfevents*")):
        return run.tensorboard
    module = (run.spec() or {}).get("module") or {}
    until = {} if job.finished is None else {"until": job.finished.timestamp()}
    found = tensorboard.written(Path(module.get("cwd") or run.path) / "models", job.started.timestamp(), **until)
    return Path(os.path.commonpath([path.parent for path in found])) if found else run.tensorboard


def _missing(desk: desks.Desk, page: str) -> Response:
    return desk.page(
        "problem.html",
        title="TensorBoard is not installed",
        section="trainings",
        http_status=501,
        message="The monitor is TensorBoard, which this server does not find. Install it, then open this page again; "
        "the training's figures are recorded already.",
        hint="",
        command=desks.install_command("tensorboard"),
        back=page,
    )
