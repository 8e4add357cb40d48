"""Answer a small prediction inside its connection: straight to the pool, and its answer by one write.

Only the plain case is dealt with here: valid arguments in a small body, the pretrained model, an answer that is plain
JSON. As soon as there is anything else to do or to say, an ASGI application takes over, so every answer reads the same.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable
from typing import Any, Protocol

from pelagos.domain import errors
from pelagos.runtime import bodies, calls, predictions

_SPECIAL = frozenset({b"origin", b"sec-fetch-site", b"expect", b"transfer-encoding", b"upgrade"})
"""With one of these in its head a request goes the ordinary way."""
_HEAD = b"content-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n%s\r\n%s"


class Connection(Protocol):
    """Where the request came from."""

    transport: Any
    app: Any

    def ordinary(self, app: Any) -> None: ...


def plain(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the head of a request tells of a small body and nothing special; its names are in lower case."""
    told = dict(headers)
    return int(told.get(b"content-length", b"0")) <= bodies.IN_MEMORY and _SPECIAL.isdisjoint(told)


class Exchange:
    """One request and its answer; it is what the call's answer is given to."""

    def __init__(self, connection: Connection, cycle: Any, answering: predictions.Predictions) -> None:
        self._connection = connection
        self.cycle = cycle
        """Uvicorn's record of the request: its head, its body, and how its connection goes on."""
        self._answering = answering
        self._call: calls.Call | None = None
        self._started = time.perf_counter()

    def begin(self) -> None:
        """Predict; the body is there."""
        self._call = self._answering.call(self.cycle.scope, bytes(self.cycle.body), self)
        if self._call is None:
            self._connection.ordinary(self._connection.app)
            return
        self._answering.counters.in_flight += 1
        try:
            self._answering.pool.submit(self._call)
        except errors.PelagosError as refused:
            self.set_exception(refused)

    def gone(self) -> None:
        """Take note that the client has gone."""
        if self._call is not None:
            self._answering.pool.abandoned(self._call)
            self._end(499)

    def done(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._call is None

    def set_result(self, reply: calls.Reply) -> None:
        """Send the answer."""
        cycle, body = self.cycle, reply.body
        if isinstance(body, calls.Stream) or not reply.plain:
            self._hand_over(reply)
            return
        self._end(200)
        cycle.response_started = cycle.response_complete = True
        more = b"" if cycle.keep_alive else b"connection: close\r\n"
        defaults = b"".join(b"%s: %s\r\n" % header for header in cycle.default_headers)
        transport = self._connection.transport
        transport.write_now(b"HTTP/1.1 200 OK\r\n" + defaults + _HEAD % (len(body), more, body))
        if not cycle.keep_alive:
            transport.close()
        cycle.on_response()

    def set_exception(self, error: Exception) -> None:
        """Let the ordinary way tell of an error."""
        self._hand_over(error)

    def _hand_over(self, outcome: calls.Reply | Exception) -> None:
        self._call = None
        size = len(self.cycle.body)
        self._connection.ordinary(functools.partial(self._answering.finish, outcome, size, self._started))

    def _end(self, status: int) -> None:
        self._call = None
        self._answering.count(status, len(self.cycle.body), self._started)
