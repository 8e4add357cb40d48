"""The page to start a training from: a form drawn from the module's description."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import jobs as jobs_room
from pelagos.domain import errors, records
from pelagos.runtime import errors as http_errors
from pelagos.runtime import service as services
from pelagos.runtime import trainings
from pelagos.runtime.console import described, fields, pickers, reading, recipes
from pelagos.runtime.console import desk as desks

KEY = "_key"
"""A hidden field that names one drawing of the form: sent twice with the same arguments it is one training."""
FROM = "_from"
"""A hidden field with the earlier run that the form was filled in from."""
RESUME = "_resume"
"""A tick: go on from what the earlier run saved."""


@dataclasses.dataclass(frozen=True)
class Filled:
    """How a form is filled in."""

    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    faults: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    error: str = ""
    origin: records.Job | None = None
    resume: bool = False
    key: str = ""
    status: int = 200


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/modules/{module}/train"
    return [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(page, functools.partial(launch, desk), methods=["POST"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the form: with defaults, with the query's values, or with the arguments of an earlier run (`?from=`)."""
    served = desk.module(request.path_params["module"])
    values: dict[str, Any] = dict(request.query_params)
    origin = None
    if "from" in values:
        origin = await asyncio.to_thread(desk.jobs.get, values.pop("from"))
        values = {**described.by_name(_method(served)["parameters"], origin.arguments), **values}
    return await _page(desk, request, served, Filled(values, origin=origin))


async def launch(desk: desks.Desk, request: Request) -> Response:
    """Start the training and show it; with faults show the form again, everything in it as it was."""
    served = desk.module(request.path_params["module"])
    async with reading.form(request, desk.service) as posted:
        said = fields.arguments(_method(served), posted)
        ours = {name: str(value) for name, value in posted if name in (KEY, FROM, RESUME)}
        try:
            wanted = await _submission(desk, served, said, ours)
            job = await asyncio.to_thread(desk.jobs.submit, wanted)
        except errors.PelagosError as error:
            return await _page(desk, request, served, await asyncio.to_thread(_refused, desk, said, ours, error))
    return RedirectResponse(desk.address(f"/trainings/{job.id}"), status_code=303)


async def _submission(
    desk: desks.Desk, served: services.ServedModule, said: Sequence[tuple[str, Any]], ours: Mapping[str, str]
) -> jobs_room.Submission:
    """Validate the arguments and write down what is to be run. Raises InvalidInput with every fault."""
    if served.train_arguments is None or not desk.service.settings.train_endpoint:
        raise errors.NotFound("This module cannot be trained here.")
    plain, files = await trainings.read_pairs(served.description["train"], served.pool, said)
    resume = None
    if RESUME in ours:
        resume = await asyncio.to_thread(desk.jobs.saved, ours.get(FROM, ""), served.name, field=RESUME)
    return jobs_room.Submission(
        kind=records.Kind.TRAINING,
        module=trainings.code_of(served),
        arguments=plain,
        files=files,
        resume=resume,
        key=_key(ours.get(KEY, ""), [*said, (RESUME, ours.get(RESUME, ""))]),
    )


def _key(drawn: str, said: Sequence[tuple[str, Any]]) -> str | None:
    """Make the idempotency key; with the arguments in it, as people go back and send a changed form."""
    if not drawn:
        return None
    told = [(name, value if isinstance(value, str) else f"{value.name} {value.size}") for name, value in said]
    return hashlib.sha256(json.dumps([drawn, told]).encode()).hexdigest()


def _refused(
    desk: desks.Desk, said: Sequence[tuple[str, Any]], ours: Mapping[str, str], error: errors.PelagosError
) -> Filled:
    values = {name: value for name, value in said if isinstance(value, str)}
    filled = Filled(values, key=ours.get(KEY, ""), status=http_errors.status_of(error), resume=RESUME in ours)
    with contextlib.suppress(errors.NotFound):
        filled = dataclasses.replace(filled, origin=desk.jobs.get(ours[FROM]) if FROM in ours else None)
    if isinstance(error, errors.InvalidInput):
        return dataclasses.replace(filled, faults=error.faults, error="This needs another look:")
    return dataclasses.replace(filled, error=error.message)


async def _page(desk: desks.Desk, request: Request, served: services.ServedModule, filled: Filled) -> Response:
    method = _method(served)
    form = fields.fields(method, values=filled.values, faults=filled.faults)
    known = await asyncio.to_thread(_known, desk, served.name, form)
    told = [(name, fields.shown(value)) for name, value in filled.values.items()]
    usual = {one["name"]: fields.shown(one["schema"].get("default")) for one in method["parameters"]}
    open_names = {one["name"] for one in method["parameters"] if not one["secret"]}
    different = [(name, value) for name, value in told if name in open_names and usual.get(name) != value]
    return desk.page(
        "train.html",
        title="Train",
        section="train",
        module=served.name,
        http_status=filled.status,
        here=desk.address(f"/modules/{served.name}/train"),
        method=served.description["train"],
        form=tuple(dataclasses.replace(field, known=known.get(field.name, ())) for field in form),
        opened=any(field.advanced and usual.get(field.name) != field.value for field in form),
        error=filled.error,
        loose=fields.loose_faults(method, filled.faults),
        origin_run=filled.origin,
        resumable=filled.origin and await asyncio.to_thread(desk.jobs.resumable, filled.origin.id, served.name),
        resume=filled.resume,
        key=filled.key or uuid.uuid4().hex,
        recipe=recipes.train(desks.origin(request, desk.base), served.name, method, recipes.example(method, different)),
    )


def _known(desk: desks.Desk, module: str, form: Sequence[fields.Field]) -> dict[str, tuple[str, ...]]:
    wanted = [field.name for field in form if field.widget == fields.FOLDER]
    return {name: pickers.folders(desk.service.jobs, module, name) for name in wanted}


def _method(served: services.ServedModule) -> Mapping[str, Any]:
    method: Mapping[str, Any] = served.description["train"] or {"parameters": []}
    return method
