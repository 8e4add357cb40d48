"""The page to predict on: a form drawn from the module's description, and the answer beside it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from pelagos.domain import errors
from pelagos.runtime import arguments, calls, places, trained
from pelagos.runtime import errors as http_errors
from pelagos.runtime import service as services
from pelagos.runtime.console import answers, fields, pickers, reading, recipes
from pelagos.runtime.console import desk as desks

MODEL = "model"
Pairs = Sequence[tuple[str, Any]]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What came of a prediction, if one was asked for."""

    shown: answers.Shown | None = None
    elapsed: str = ""
    model: str = ""
    error: str = ""
    hint: str = ""
    loose: tuple[str, ...] = ()
    faults: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    status: int = 200


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/modules/{module}/predict"
    return [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(page, functools.partial(predict, desk), methods=["POST"]),
        Route(f"{page}/stream", functools.partial(stream, desk), methods=["POST"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the form; the query fills it in."""
    served = desk.module(request.path_params["module"])
    return await _page(desk, request, served, list(request.query_params.multi_items()), Outcome())


async def predict(desk: desks.Desk, request: Request) -> Response:
    """Predict and draw the answer: the whole page, or only its changing parts when htmx asks."""
    served = desk.module(request.path_params["module"])
    async with reading.form(request, desk.service) as posted:
        said = fields.arguments(_method(served), posted)
        outcome = await _outcome(desk.service, served, said)
        if request.headers.get("hx-request") == "true":
            return HTMLResponse(_parts(desk, request, served, said, outcome), status_code=outcome.status)
        return await _page(desk, request, served, said, outcome)


async def stream(desk: desks.Desk, request: Request) -> Response:
    """Predict with a module whose answer comes in pieces; each event is a finished part of the page."""
    served = desk.module(request.path_params["module"])
    async with contextlib.AsyncExitStack() as stack:
        posted = await stack.enter_async_context(reading.form(request, desk.service))
        said = fields.arguments(_method(served), posted)
        return _Streamed(_events(desk, request, served, said), stack.pop_all())


class _Streamed(StreamingResponse):
    """A stream that lets go of the request's files when it has ended, or its reader has gone."""

    def __init__(self, content: AsyncIterator[str], held: contextlib.AsyncExitStack) -> None:
        super().__init__(content, media_type="text/event-stream")
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._held:
            await super().__call__(scope, receive, send)


async def _events(desk: desks.Desk, request: Request, served: services.ServedModule, said: Pairs) -> AsyncIterator[str]:
    began = time.perf_counter()
    try:
        reply, model = await _ask(desk.service, served, said)
        async for value in _values(reply):
            yield _event(desk.draw("piece.html", value=value, views=answers.views(value)))
        outcome = Outcome(elapsed=desks.elapsed(time.perf_counter() - began), model=model)
    except errors.PelagosError as error:
        outcome = _failure(served, error)
    yield _event(desk.draw("streamed.html", outcome=outcome))
    yield _event(_extras(desk, request, served, said, outcome))


async def _outcome(service: services.Service, served: services.ServedModule, said: Pairs) -> Outcome:
    began = time.perf_counter()
    try:
        reply, model = await _ask(service, served, said)
        body = await _whole(reply)
    except errors.PelagosError as error:
        return _failure(served, error)
    return Outcome(answers.show(body, reply.media_type), desks.elapsed(time.perf_counter() - began), model)


async def _ask(service: services.Service, served: services.ServedModule, said: Pairs) -> tuple[calls.Reply, str]:
    """Validate, choose the model and predict; gives the reply and the model's name."""
    if served.predict_arguments is None or not service.settings.predict_endpoint:
        raise errors.NotFound("This module does not predict here.")
    if served.parses_itself:
        reply = await served.pool.predict({}, raw=_raw(_method(served), said))
        return _accepted(reply), "the module"
    found = served.predict_arguments.read(arguments.Given(form=places.by_name(said)))
    model = str(found.pop(MODEL)) if served.chooses_model else trained.PRETRAINED
    folder = await service.models.folder(served.name, model)
    reply = await served.pool.predict(found, model=folder)
    return reply, "the pretrained model" if folder is None else f"model {folder.parent.name[:8]}"


def _raw(method: Mapping[str, Any], said: Pairs) -> dict[str, Any]:
    """Write the request as a module with an argument parser of its own wants it."""
    request = places.request(method["parameters"], said)
    return {**request, "headers": {"accept": "application/json", **request["headers"]}}


def _accepted(reply: calls.Reply) -> calls.Reply:
    """Give the reply back; raises InvalidInput when the module refused, with faults when it says which."""
    if reply.status < 400 or isinstance(reply.body, calls.Stream):
        return reply
    said = bytes(reply.body).decode("utf-8", "replace")
    if reply.status == 422 and reply.media_type.startswith("application/json"):
        raise errors.InvalidInput(json.loads(said))
    raise errors.InvalidInput({}, said)


async def _whole(reply: calls.Reply) -> bytes:
    if isinstance(reply.body, calls.Stream):
        return b"".join([piece async for piece in reply.body])
    return bytes(reply.body)


async def _values(reply: calls.Reply) -> AsyncIterator[Any]:
    """Give the values of a streamed answer one by one; of a whole answer its one value."""
    if not isinstance(reply.body, calls.Stream):
        yield json.loads(bytes(reply.body))["predictions"]
        return
    try:
        rest = b""
        async for piece in reply.body:
            *whole, rest = (rest + piece).split(b"\n\n")
            for event in whole:
                yield json.loads(event.removeprefix(b"data: "))
    finally:
        reply.body.close()


def _failure(served: services.ServedModule, error: errors.PelagosError) -> Outcome:
    status = http_errors.status_of(error)
    if isinstance(error, errors.InvalidInput):
        loose = fields.loose_faults(_method(served), error.faults)
        said = "Please look at the marked fields." if error.faults else error.message
        return Outcome(error=said, loose=loose, faults=error.faults, status=status)
    hint = error.hint
    if isinstance(error, errors.ModuleFailed):
        hint = hint or f"The server's log has the details under {error.error_id}."
    return Outcome(error=error.message, hint=hint, status=status)


async def _page(
    desk: desks.Desk, request: Request, served: services.ServedModule, said: Pairs, outcome: Outcome
) -> Response:
    method = served.description["predict"]
    pick = _picks(served)
    models = await asyncio.to_thread(pickers.models, desk.service.jobs, served.name) if pick else []
    return desk.page(
        "predict.html",
        title="Predict",
        section="predict",
        module=served.name,
        http_status=outcome.status,
        here=desk.address(f"/modules/{served.name}/predict"),
        method=method,
        form=_form(served, said, outcome),
        models=models,
        model=dict(_texts(said)).get(MODEL, desk.service.settings.default_model),
        model_faults=outcome.faults.get(MODEL, ()) if pick else (),
        outcome=outcome,
        recipe=_recipe(desk, request, served, said) if method else None,
    )


def _parts(desk: desks.Desk, request: Request, served: services.ServedModule, said: Pairs, outcome: Outcome) -> str:
    answer = desk.draw("predicted.html", outcome=outcome)
    return answer + _extras(desk, request, served, said, outcome)


def _extras(desk: desks.Desk, request: Request, served: services.ServedModule, said: Pairs, outcome: Outcome) -> str:
    """Draw what else changes with an answer: the faults at the fields and the commands."""
    form = _form(served, said, outcome, with_model=_picks(served))
    return desk.draw("extras.html", form=form, recipe=_recipe(desk, request, served, said))


def _form(
    served: services.ServedModule, said: Pairs, outcome: Outcome, *, with_model: bool = False
) -> tuple[fields.Field, ...]:
    drawn = fields.fields(_method(served), values=dict(_texts(said)), faults=outcome.faults)
    hidden = MODEL if served.chooses_model and not with_model else None
    return tuple(field for field in drawn if field.name != hidden)


def _picks(served: services.ServedModule) -> bool:
    """Whether there can be more models to choose from than the pretrained one."""
    return served.chooses_model and served.description["train"] is not None


def _recipe(desk: desks.Desk, request: Request, served: services.ServedModule, said: Pairs) -> recipes.Recipe:
    method = _method(served)
    defaults = {name: fields.shown(value) for name, value in _defaults(method).items()}
    named = [(name, value if isinstance(value, str) else value.name) for name, value in said]
    told = [(name, value) for name, value in named if defaults.get(name) != value]
    return recipes.predict(
        desks.origin(request, desk.base), served.name, method, recipes.example(method, _known(method, told))
    )


def _known(method: Mapping[str, Any], pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave out what is no argument (the query may hold anything) and what is secret."""
    open_names = {parameter["name"] for parameter in method["parameters"] if not parameter["secret"]}
    return [(name, value) for name, value in pairs if name in open_names]


def _defaults(method: Mapping[str, Any]) -> dict[str, Any]:
    return {parameter["name"]: parameter["schema"].get("default") for parameter in method["parameters"]}


def _method(served: services.ServedModule) -> Mapping[str, Any]:
    method: Mapping[str, Any] = served.description["predict"] or {"parameters": []}
    return method


def _texts(said: Pairs) -> list[tuple[str, str]]:
    return [(name, value) for name, value in said if isinstance(value, str)]


def _event(html: str) -> str:
    return f"data: {json.dumps(html)}\n\n"
