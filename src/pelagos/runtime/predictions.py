"""Answer `POST /v2/models/{m}/predict/`: the path of every prediction, so it is a bare ASGI application."""

from __future__ import annotations

import asyncio
import json
import logging
import math
import time
from collections.abc import Awaitable, Mapping
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from pelagos.domain import errors as domain_errors
from pelagos.module import frames
from pelagos.runtime import arguments, bodies, calls, errors, pool, trained
from pelagos.runtime import service as services

_log = logging.getLogger(__name__)
_JSON = (b"content-type", b"application/json; charset=utf-8")
_NOTHING: Mapping[str, Any] = {}


class Predictions:
    """Answers the predictions of one module."""

    def __init__(self, service: services.Service, module: services.ServedModule) -> None:
        self._service = service
        self._module = module
        self._route = f"/v2/models/{module.name}/predict/"
        self._parses_itself = module.parses_itself
        self._most = service.settings.client_max_size or math.inf
        self._one_file = _one_file(module)
        self.pool = module.pool
        """The workers."""
        self.counters = service.counters
        """Where requests are counted."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read, validate, predict, answer; whatever happens the request's files are removed."""
        started = time.perf_counter()
        self.counters.in_flight += 1
        body = self._body()
        client = _Client(receive)
        await self._answer(scope, send, client, body, self._reply(scope, receive, body, client), started)

    def call(self, head: bodies.Head, data: bytes, taker: calls.Taker) -> calls.Call | None:
        """Make the call of a request whose small body is there; None if it has faults or a model to look up."""
        if len(data) > self._most:
            return None
        try:
            if self._parses_itself:
                return self._unread(head, data, taker)
            body = self._body()
            bodies.read_whole(head, data, body)
            alone = self._with_one_file(head, body)
            if alone is not None:
                return calls.Call(*alone, taker)
            found = self._arguments(head, body)
        except Exception:  # Whatever it is: the ordinary way meets it again, and tells.
            return None
        name, model = found.pop("model") if self._module.chooses_model else "", None
        if name and name != trained.PRETRAINED:
            model = self._service.models.known(self._module.name, name)
            if model is None:
                return None
        return calls.Call(*calls.prepare(found, model, None), taker)

    async def finish(
        self, outcome: calls.Reply | Exception, size: int, started: float, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a request, counted as in progress, with what became of its call."""
        body = self._body()
        body.size = size
        await self._answer(scope, send, _Client(receive), body, _known(outcome), started)

    def count(self, status: int, size: int, started: float) -> None:
        """Take note that a request in progress was answered."""
        counted = self.counters
        counted.in_flight -= 1
        counted.upload_bytes += size
        counted.observe(self._route, status, time.perf_counter() - started)

    def _with_one_file(self, head: bodies.Head, body: bodies.Body) -> tuple[bytes, list[calls.Bytes]] | None:
        """Do what `calls.prepare` does, for a form with one file and nothing else, as most pictures come; else None.

        What is told of all the other arguments is the same for each of them, and written once.
        """
        if len(body.form) != 1 or head.pairs:
            return None
        name, file = body.form[0]
        before = self._one_file.get(name)
        if before is None or not isinstance(file, calls.Upload) or not file.size or file.data is None:
            return None
        return b"%s%s]]}" % (before, json.dumps([file.name, file.content_type, file.size]).encode()[1:-1]), [file.data]

    def _unread(self, head: bodies.Head, data: bytes, taker: calls.Taker) -> calls.Call:
        told = bodies.unread(head, data)
        if told is not None:
            return calls.Call(told, (data,), taker, frames.REQUEST)
        body = self._body()
        bodies.read_whole(head, data, body, lenient=True)
        return calls.Call(*calls.prepare(_NOTHING, None, bodies.raw(head, body)), taker)

    def _body(self) -> bodies.Body:
        return bodies.Body(self._service.settings.client_max_size, self._service.uploads)

    async def _answer(
        self,
        scope: Scope,
        send: Send,
        client: _Client,
        body: bodies.Body,
        reply: Awaitable[calls.Reply],
        started: float,
    ) -> None:
        status = 499
        try:
            answer = await reply
            status = answer.status
            await _send(send, answer, client)
        except pool.ClientGone:
            pass
        except Exception as error:  # The isolation point of a request.
            status = await _send_error(send, scope, error)
        finally:
            client.forget()
            await body.close()
            self.count(status, body.size, started)

    async def _reply(self, scope: Scope, receive: Receive, body: bodies.Body, client: _Client) -> calls.Reply:
        if self._module.predict_arguments is None:
            raise errors.not_implemented(self._module.name)
        head = bodies.Head(scope)
        await bodies.read(head, receive, body, lenient=self._parses_itself)
        if self._parses_itself:
            return await self._module.pool.predict(_NOTHING, raw=bodies.raw(head, body), watch=client.watch)
        try:
            found = self._arguments(head, body)
        except arguments.BadArguments as bad:
            raise await self._with_model(bad) from None
        model = await self._model(found)
        return await self._module.pool.predict(found, model=model, watch=client.watch)

    def _arguments(self, head: bodies.Head, body: bodies.Body) -> dict[str, Any]:
        assert self._module.predict_arguments is not None
        given = arguments.Given(head.query, body.fields() if body.form else _NOTHING, body.json)
        return self._module.predict_arguments.read(given)

    async def _model(self, found: dict[str, Any]) -> Path | None:
        if not self._module.chooses_model:
            return None
        return await self._service.models.folder(self._module.name, found.pop("model"))

    async def _with_model(self, bad: arguments.BadArguments) -> arguments.BadArguments:
        """Look whether the model is wrong as well, so that all faults are told at once."""
        try:
            await self._model({"model": trained.PRETRAINED, **bad.good})
        except domain_errors.InvalidInput as worse:
            return bad.joined(worse)
        return bad


def _one_file(module: services.ServedModule) -> dict[str, bytes]:
    """Write, by name of the file, how the head of a PREDICT frame begins when a form brings this file alone."""
    found = {}
    if module.predict_arguments is not None:
        for name, keyword, others in module.predict_arguments.with_one_file():
            if not module.chooses_model or others.pop("model") == trained.PRETRAINED:
                found[name] = f'{{"arguments": {json.dumps(others)}, "files": [[{json.dumps(keyword)}, '.encode()
    return found


class _Client:
    """Sees whether the client is still there, from the moment somebody wants to know."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._task: asyncio.Task[None] | None = None
        self._waiting: asyncio.Future[calls.Reply] | None = None
        self._stream: calls.Stream | None = None

    def watch(self, waiting: asyncio.Future[calls.Reply]) -> None:
        """Fail `waiting` with ClientGone when the client goes."""
        self._waiting = waiting
        self._begin()

    def watch_stream(self, stream: calls.Stream) -> None:
        """Close `stream` when the client goes."""
        self._stream = stream
        self._begin()

    def forget(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(pool.ClientGone())
        if self._stream is not None:
            self._stream.close()
            self._stream.fail(pool.ClientGone())


async def _known(outcome: calls.Reply | Exception) -> calls.Reply:
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def _send(send: Send, reply: calls.Reply, client: _Client) -> None:
    if isinstance(reply.body, calls.Stream):
        await _send_stream(send, reply, reply.body, client)
        return
    headers = [_kind(reply), (b"content-length", str(len(reply.body)).encode()), *_more(reply)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


async def _send_stream(send: Send, reply: calls.Reply, stream: calls.Stream, client: _Client) -> None:
    client.watch_stream(stream)
    headers = [_kind(reply), (b"cache-control", b"no-store"), *_more(reply)]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    try:
        async for piece in stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except domain_errors.PelagosError as error:
        if reply.media_type != "text/event-stream":
            # The head has gone: all that is left is to break off, so that nobody takes this for the whole answer.
            _log.warning("a streamed answer was broken off: %s", error.message)
            raise pool.ClientGone from error
        event = f"event: error\ndata: {json.dumps({'message': error.message})}\n\n"
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
    finally:
        stream.close()
    await send({"type": "http.response.body", "body": b""})


def _kind(reply: calls.Reply) -> tuple[bytes, bytes]:
    if reply.media_type == "application/json" and reply.status == 200:
        return _JSON
    # Validation errors bear the type without a charset, as in DEEPaaS.
    return (b"content-type", reply.media_type.encode("latin-1"))


def _more(reply: calls.Reply) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]


async def _send_error(send: Send, scope: Scope, error: Exception) -> int:
    if errors.status_of(error) == 500 and not isinstance(error, domain_errors.PelagosError):
        _log.error("a prediction failed in the server", exc_info=error)
    accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
    answer = errors.answer(error, accept)
    more = [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in answer.headers.items()]
    size = (b"content-length", str(len(answer.body)).encode())
    headers = [(b"content-type", answer.media_type.encode()), size, *more]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
    return answer.status
