"""The page to train a module from: its arguments, a data set, resources and a site; the result is a run."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import hashlib
import json
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors, records
from pelagos.identity import Role
from pelagos.runtime import bodies
from pelagos.runtime import errors as http_errors
from pelagos.runtime.console import described, fields, launching
from pelagos.web import desk as desks
from pelagos.web import run_needs, run_recipes, train_data

KEY = "_key"
"""A hidden field that names one drawing of the form: sent twice with the same arguments it is one run."""
FROM, RESUME = launching.FROM, launching.RESUME


@dataclasses.dataclass(frozen=True)
class Filled:
    """How the form is filled in."""

    values: Mapping[str, Any]
    data: train_data.Chosen
    needs: run_needs.Needs
    faults: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    error: str = ""
    hint: str = ""
    origin: records.Job | None = None
    resume: bool = False
    key: str = ""
    status: int = 200


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/modules/{name}/train"
    return [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(page, functools.partial(launch, desk), methods=["POST"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the form: with defaults, the query's values, or the arguments of an earlier run (`?from=`)."""
    name = request.path_params["name"]
    parameters = await asyncio.to_thread(_parameters, desk, name)
    values: dict[str, Any] = dict(request.query_params)
    origin = await asyncio.to_thread(desk.hub.jobs.get, values.pop("from")) if "from" in values else None
    if origin is not None:
        values = {**described.by_name(parameters, origin.arguments), **values}
    filled = Filled(
        values,
        await asyncio.to_thread(_data, desk, parameters, values),
        run_needs.of(origin.resources, None) if origin else run_needs.read(values),
        origin=origin,
    )
    return await _page(desk, request, name, parameters, filled)


async def launch(desk: desks.Desk, request: Request) -> Response:
    """Start the run and show it; with faults show the form again, everything in it as it was."""
    name = request.path_params["name"]
    parameters = await asyncio.to_thread(_parameters, desk, name)
    async with form(desk, request) as body:
        filled = await asyncio.to_thread(_posted, desk, body.form)
        try:
            # First, so that an upload is kept when something else is wrong.
            data = await train_data.keep(desk, filled.data, body, mark=filled.key, person=desks.asking(request))
            filled = dataclasses.replace(filled, data=data)
            said = fields.arguments({"parameters": parameters}, body.form)
            job = await asyncio.to_thread(_submit, desk, request, name, filled, said)
        except errors.PelagosError as error:
            return await _page(desk, request, name, parameters, _refused(filled, error))
    return RedirectResponse(f"/runs/{job.id}", status_code=303)


@contextlib.asynccontextmanager
async def form(desk: desks.Desk, request: Request) -> AsyncIterator[bodies.Body]:
    """Receive a posted form for the length of one request; what it brought is on disk, and gone afterwards."""
    body = bodies.Body(desk.hub.settings.upload_max_size, desk.uploads)
    try:
        await bodies.read(bodies.Head(request.scope), request.receive, body)
        yield body
    finally:
        await body.close()


def _parameters(desk: desks.Desk, name: str) -> described.Parameters:
    """Give what a training takes. Raises NotFound for a module that is not installed or cannot be trained."""
    description = desk.description(name)
    if description is None:
        raise errors.NotFound(f"'{name}' is not installed.", hint="Install it on its page, then train it.")
    if not description["train"]:
        raise errors.NotFound(f"'{name}' cannot be trained.", hint="Its author gave it no training.")
    return described.parameters(description, "train")


def _data(desk: desks.Desk, parameters: described.Parameters, values: Mapping[str, Any]) -> train_data.Chosen:
    """Choose the data set that the query names, or the one of the earlier run."""
    asked = train_data.read([(name, value) for name, value in values.items() if isinstance(value, str)])
    taken = train_data.argument(parameters)
    used = fields.shown(values.get(taken["name"])) if taken else ""
    if asked.source or not used:
        return asked
    same = next((each.name for each in desk.hub.datasets.list() if str(each.path) == used), "")
    return train_data.Chosen("kept", dataset=same) if same else train_data.Chosen("folder", folder=used)


def _posted(desk: desks.Desk, posted: Sequence[tuple[str, Any]]) -> Filled:
    texts = {name: value for name, value in posted if isinstance(value, str)}
    origin = None
    with contextlib.suppress(errors.NotFound):
        origin = desk.hub.jobs.get(texts[FROM]) if FROM in texts else None
    filled = Filled(texts, train_data.read(posted), run_needs.read(texts), key=texts.get(KEY, "")[:64])
    return dataclasses.replace(filled, origin=origin, resume=RESUME in texts)


def _refused(filled: Filled, error: errors.PelagosError) -> Filled:
    faults = error.faults if isinstance(error, errors.InvalidInput) else {}
    needs = filled.needs.with_faults(faults)
    said = "This needs another look:" if faults else error.message
    return dataclasses.replace(
        filled, needs=needs, faults=faults, error=said, hint=error.hint, status=http_errors.status_of(error)
    )


def _submit(
    desk: desks.Desk, request: Request, module: str, filled: Filled, said: Sequence[tuple[str, Any]]
) -> records.Job:
    filled.needs.refuse()
    if filled.data.source == "folder":
        desks.require(request, Role.ADMIN)
    taken = train_data.argument(_parameters(desk, module))
    job: records.Job = desk.hub.runs.train(
        module,
        _by_name([pair for pair in said if not taken or pair[0] != taken["name"]]),
        any_folder=Role.ADMIN in desks.person(request).roles,
        dataset=train_data.place(desk, filled.data) if taken else None,
        argument=taken["name"] if taken else None,
        resources=filled.needs.resources,
        site=filled.needs.site,
        resume=filled.origin.id if filled.origin and filled.resume else None,
        key=_key(filled, said),
        person=desks.asking(request),
    )
    return job


def _by_name(pairs: Sequence[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _key(filled: Filled, said: Sequence[tuple[str, Any]]) -> str | None:
    """Make the idempotency key; with the arguments in it, as people go back and send a changed form."""
    if not filled.key:
        return None
    told = [(name, value if isinstance(value, str) else f"{value.name} {value.size}") for name, value in said]
    data = [filled.data.source, filled.data.dataset, filled.data.folder]
    whole = json.dumps([filled.key, told, data, dict(filled.needs.values), filled.resume])
    return hashlib.sha256(whole.encode()).hexdigest()


async def _page(
    desk: desks.Desk, request: Request, name: str, parameters: described.Parameters, filled: Filled
) -> Response:
    taken = train_data.argument(parameters)
    shown = {"parameters": [each for each in parameters if each is not taken]}
    form_fields = fields.fields(shown, values=filled.values, faults=filled.faults)
    usual = {each["name"]: fields.shown(each["schema"].get("default")) for each in parameters}
    datasets, plan = await asyncio.gather(
        asyncio.to_thread(desk.hub.datasets.list), run_needs.plan(desk, filled.needs, "run")
    )
    return desk.page(
        request,
        "train.html",
        title=f"Train {name}",
        section="modules",
        http_status=filled.status,
        module=name,
        module_title=await asyncio.to_thread(desk.module_title, name),
        here=f"/modules/{name}/train",
        filled=filled,
        resumable=filled.origin and await asyncio.to_thread(desk.hub.jobs.resumable, filled.origin.id, name),
        form=form_fields,
        opened=any(field.advanced and usual.get(field.name) != field.value for field in form_fields),
        loose=_loose(shown, taken, filled),
        taken=fields.fields({"parameters": [taken]}, faults=filled.faults)[0] if taken else None,
        datasets=datasets,
        plan=plan,
        key=filled.key or uuid.uuid4().hex,
        recipe=_recipe(desk, request, name, parameters, filled),
    )


def _recipe(
    desk: desks.Desk, request: Request, name: str, parameters: described.Parameters, filled: Filled
) -> run_recipes.Recipe:
    taken = train_data.argument(parameters)
    chosen = filled.data.dataset if filled.data.source == "kept" else ""
    folder = filled.data.folder if filled.data.source == "folder" else chosen and f"./{chosen}"
    data = (taken["name"], chosen, folder) if taken else None
    return run_recipes.train(desk.origin(request), name, parameters, filled.values, data=data)


def _loose(shown: Mapping[str, Any], taken: Mapping[str, Any] | None, filled: Filled) -> tuple[str, ...]:
    """List the faults that no field of the form shows."""
    elsewhere = {*filled.needs.faults, *train_data.FIELDS, *run_needs.WORDS, *([taken["name"]] if taken else [])}
    rest = {name: said for name, said in filled.faults.items() if name not in elsewhere}
    return fields.loose_faults(shown, rest)
