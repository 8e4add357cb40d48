"""Runs: trainings and batch predictions, from their start to what they left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated, Any

import fastapi
import pydantic
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pelagos import environments, identity, orchestrator
from pelagos.api import asking, receiving, shapes
from pelagos.domain import errors, records, states
from pelagos.runtime import bodies
from pelagos.runtime.console import described, events, exhibits, following
from pelagos.runtime.console import status as statuses

MOST_COMPARED = 8
RUN = "run"
"""The part of a form that says what to run; every other part is a file for an argument."""

router = fastapi.APIRouter(tags=["Runs"], prefix="/runs")


class NewRun(shapes.Asked):
    """What to run."""

    module: str
    kind: records.Kind = records.Kind.TRAINING
    arguments: dict[str, Any] = pydantic.Field(default_factory=dict)
    dataset: str | None = None
    """Name of a data set of the hub."""
    argument: str | None = None
    """Which argument takes the data set, or its files one by one; may be left out where only one can."""
    resources: shapes.Resources = shapes.Resources()
    site: str | None = None
    """The best one is chosen when it is left out."""
    resume: str | None = None
    """To go on from: an earlier run of the same kind by its id, or a trained model by its alias."""
    model: str | None = None
    """Of a batch prediction: the trained model, by its id or alias."""


class Filters(shapes.Asked):
    """What a list of runs is narrowed to."""

    module: str | None = None
    kind: records.Kind | None = None
    state: list[states.State] = pydantic.Field(default_factory=list)
    text: str = pydantic.Field(default="", max_length=200)
    deleted: bool | None = False
    """Whether those whose files were deleted are listed, or only those (`true`)."""
    limit: int = pydantic.Field(default=50, ge=1, le=asking.LONGEST_LIST)
    offset: int = pydantic.Field(default=0, ge=0, le=asking.FARTHEST)

    def conditions(self) -> dict[str, Any]:
        """Give them as jobs are found by."""
        return {**self.model_dump(exclude={"limit", "offset", "state"}), "states": tuple(self.state)}


class Compared(shapes.Shape):
    """Runs beside each other."""

    runs: Sequence[shapes.Run]
    differing: Sequence[str]
    """Arguments in which they differ."""


_BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": NewRun.model_json_schema()}}}}


@router.get("", response_model=shapes.Listed[shapes.Run])
def listed(hub: asking.Hub, filters: Annotated[Filters, fastapi.Query()]) -> dict[str, Any]:
    """List runs, newest first."""
    wanted = filters.conditions()
    found = hub.jobs.find(**wanted, limit=filters.limit, offset=filters.offset)
    # One look at what is installed: to be told of each module that it is not there takes a look each.
    installed = {each.name: each for each in hub.modules.list()}
    parameters = {(job.module, job.kind): _parameters(hub, job, installed.get(job.module)) for job in found}
    now = hub.clock.now()
    runs = [shapes.run(job, hub.jobs, parameters[job.module, job.kind], now) for job in found]
    return shapes.listed(runs, hub.jobs.count(**wanted))


@router.post("", response_model=shapes.Run, status_code=201, openapi_extra=_BODY)
async def begin(hub: asking.Hub, person: asking.Person, request: Request, key: asking.Key = None) -> shapes.Run:
    """Start a training or a batch prediction: as JSON, or as a form of it (part `run`) and files by argument.

    Arguments that are folders of the hub's machine are for admins; everybody may name a data set.
    """
    async with receiving.form(request) as body:
        wanted, files = _wanted(body)
        job = await asyncio.to_thread(_submitted, hub, person, wanted, files, key)
    return await asyncio.to_thread(_shown, hub, job)


@router.get("/compare", response_model=Compared)
def compare(hub: asking.Hub, run: Annotated[Sequence[str], fastapi.Query(max_length=MOST_COMPARED)]) -> dict[str, Any]:
    """Give up to eight runs, and in which arguments they differ."""
    shown = [_shown(hub, hub.jobs.get(each)) for each in run]
    names = dict.fromkeys(name for each in shown for name in each.arguments)
    texts = {name: {json.dumps(each.arguments.get(name), sort_keys=True) for each in shown} for name in names}
    return {"runs": shown, "differing": [name for name in names if len(texts[name]) > 1]}


@router.get("/{run_id}", response_model=shapes.Run)
def show(hub: asking.Hub, run_id: str) -> shapes.Run:
    """Give a run."""
    return _shown(hub, hub.jobs.get(run_id))


@router.get("/{run_id}/history", response_model=shapes.Listed[shapes.Move])
def history(hub: asking.Hub, run_id: str) -> dict[str, Any]:
    """List its changes of state, oldest first."""
    found = hub.jobs.history(run_id)
    return shapes.listed(found, len(found))


@router.get("/{run_id}/log", response_class=Response)
def log(hub: asking.Hub, run_id: str, start: asking.Offset = 0, lines: asking.Lines = 0) -> Response:
    """Give the log from byte `start` on, at most 1 MiB at once; or only its last lines."""
    hub.jobs.get(run_id)
    folder = hub.jobs.run_folder(run_id)
    piece = folder.log_tail(lines) if lines else folder.log(start)
    return Response(piece.data, media_type="text/plain; charset=utf-8", headers={"X-Log-End": str(piece.end)})


@router.get("/{run_id}/metrics", response_model=shapes.Metrics)
def metrics(hub: asking.Hub, run_id: str, start: asking.Offset = 0) -> dict[str, Any]:
    """Give what it logged from the place `start` on: a row for each step."""
    hub.jobs.get(run_id)
    rows, end = hub.jobs.run_folder(run_id).metrics(start)
    return {"rows": rows, "next": end}


@router.get("/{run_id}/events", response_class=StreamingResponse)
def follow(hub: asking.Hub, request: Request, run_id: str) -> StreamingResponse:
    """Follow it as server-sent events: `status`, `log`, `metrics`, and `end`. `Last-Event-ID` goes on from there."""
    hub.jobs.get(run_id)
    watches = request.app.state.watches
    stream = following.follow(hub.jobs, run_id, following.place(request), watches=watches, draw=_status)
    return StreamingResponse(stream, media_type=events.MEDIA_TYPE, headers=events.HEADERS)


@router.get("/{run_id}/files", response_model=shapes.Listed[shapes.File])
def files(hub: asking.Hub, run_id: str) -> dict[str, Any]:
    """List what it left."""
    hub.jobs.get(run_id)
    found = exhibits.files(hub.jobs.run_folder(run_id))
    return shapes.listed(found["files"], len(found["files"]) + found["files_cut"])


@router.get("/{run_id}/files/{name:path}", response_class=Response)
async def file(hub: asking.Hub, run_id: str, name: str) -> Response:
    """Download a file that it left."""
    return await exhibits.send_file(hub.jobs.run_folder(run_id), name)


@router.post("/{run_id}/cancel", response_model=shapes.Run)
def cancel(hub: asking.Hub, run_id: str) -> shapes.Run:
    """Stop it and everything it started; one that has ended stays as it is."""
    return _shown(hub, hub.jobs.cancel(run_id))


@router.delete("/{run_id}", response_model=shapes.Run)
def delete(hub: asking.Hub, run_id: str) -> shapes.Run:
    """Delete its files; its record and history stay."""
    return _shown(hub, hub.jobs.delete(run_id))


def _wanted(body: bodies.Body) -> tuple[NewRun, dict[str, Any]]:
    """Read what is to be run, and the files by argument. Raises InvalidInput."""
    fields = body.fields()
    said = fields.pop(RUN, [body.json])[0]
    try:
        plain = NewRun.model_validate_json(said) if isinstance(said, str) else NewRun.model_validate(said)
    except pydantic.ValidationError as error:
        faults = {".".join(map(str, each["loc"])) or RUN: [each["msg"]] for each in error.errors()}
        raise errors.InvalidInput(faults) from None
    return plain, fields


def _submitted(
    hub: orchestrator.Hub, person: identity.Person, wanted: NewRun, files: dict[str, Any], key: str | None
) -> records.Job:
    arguments = {**wanted.arguments, **files}
    said: dict[str, Any] = {
        "argument": wanted.argument,
        "resources": wanted.resources.needs(),
        "site": wanted.site,
        "key": key,
        "resume": wanted.resume,
        "person": person.name,
        "any_folder": identity.Role.ADMIN in person.roles,
    }
    dataset = None if wanted.dataset is None else hub.datasets.get(wanted.dataset).path
    if wanted.kind is records.Kind.TRAINING:
        return hub.runs.train(wanted.module, arguments, dataset=dataset, **said)
    if dataset is None:
        raise errors.InvalidInput({"dataset": ["is missing; expected the name of one of the hub's data sets"]})
    return hub.runs.predict_batch(wanted.module, dataset, arguments, model=wanted.model, **said)


def _shown(hub: orchestrator.Hub, job: records.Job) -> shapes.Run:
    try:
        installed = hub.modules.find(job.module)
    except errors.NotFound:
        installed = None
    return shapes.run(job, hub.jobs, _parameters(hub, job, installed), hub.clock.now())


def _parameters(
    hub: orchestrator.Hub, job: records.Job, installed: environments.Installed | None
) -> described.Parameters:
    if installed is None:
        return ()
    try:
        description = hub.modules.describe(installed)
    except errors.PelagosError:
        return ()
    return described.parameters(description, "train" if job.kind is records.Kind.TRAINING else "predict")


def _status(_template: str, *, status: statuses.Status) -> str:
    job = status.job
    told = {"state": job.state, "reason": job.reason, "message": job.message, "doing": status.doing}
    return json.dumps({**told, "fraction": status.fraction, "took": status.took, "problem": status.problem})
