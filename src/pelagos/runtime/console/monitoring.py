"""The address of a training's TensorBoard: starts it, passes everything on to it, or says what to install."""

from __future__ import annotations

import asyncio
import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors
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
    port = await desk.monitors.port(job.id, desk.jobs.run_folder(job.id).tensorboard, prefix)
    return await proxy.forward(request, port, f"{prefix}/{request.path_params['rest']}")


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
