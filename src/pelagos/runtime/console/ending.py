"""Cancel a training, delete its files: asked back on a page of its own, which works without a script too."""

from __future__ import annotations

import asyncio
import dataclasses
import functools

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import records
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import recipes


@dataclasses.dataclass(frozen=True)
class Verb:
    """One way to end."""

    name: str
    question: str
    consequence: str
    act: str
    keep: str


VERBS = {
    "cancel": Verb(
        "cancel",
        "Cancel training {}?",
        "It stops within seconds and leaves no model. Its log, its curves and this record stay.",
        "Cancel the training",
        "Let it go on",
    ),
    "delete": Verb(
        "delete",
        "Delete training {}?",
        "Its model, log, curves and files are removed for good; nobody can predict with it any more. "
        "The record of it stays in the list of deleted trainings.",
        "Delete its files",
        "Keep it",
    ),
}


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of both acts."""
    found: list[BaseRoute] = []
    for verb in VERBS.values():
        page = f"/trainings/{{id}}/{verb.name}"
        found.append(Route(page, functools.partial(ask, desk, verb), methods=["GET"]))
        found.append(Route(page, functools.partial(act, desk, verb), methods=["POST"]))
    return found


async def ask(desk: desks.Desk, verb: Verb, request: Request) -> Response:
    """Ask back; a training for which the act makes no sense any more is shown instead."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    back = desk.address(f"/trainings/{job.id}")
    if not sensible(job, verb):
        return RedirectResponse(back, status_code=303)
    return desk.page(
        "confirm.html",
        title=verb.question.format(job.id[:8]),
        section="trainings",
        module=job.module if job.module in desk.service.modules else None,
        here=f"{back}/{verb.name}",
        back=back,
        question=verb.question.format(job.id[:8]),
        consequence=verb.consequence,
        act=verb.act,
        keep=verb.keep,
        recipe=recipes.ending(desks.origin(request, desk.base), job.module, job.id, verb=verb.name),
    )


async def act(desk: desks.Desk, verb: Verb, request: Request) -> Response:
    """Do it, and show the training. Raises Conflict where the jobs room does."""
    job_id = request.path_params["id"]
    if verb.name == "delete":
        desk.monitors.close(job_id)
        await asyncio.to_thread(desk.jobs.delete, job_id)
    else:
        await asyncio.to_thread(desk.jobs.cancel, job_id)
    return RedirectResponse(desk.address(f"/trainings/{job_id}"), status_code=303)


def sensible(job: records.Job, verb: Verb) -> bool:
    """Whether the act can be done with the run as it is."""
    return not job.state.final if verb.name == "cancel" else job.state.final and job.deleted is None
