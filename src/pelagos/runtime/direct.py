"""Answer a small prediction inside its connection: straight to the pool, and its answer by one write.

Only the plain case is dealt with here: valid arguments in a small body, the pretrained model, an answer that is plain
JSON. As soon as there is anything else to do or to say, an ASGI application takes over, so every answer reads the same.

Most clients send the same head again and again. One that was read before, to the byte, is not read again.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterable
from typing import Any, Protocol

from pelagos.domain import errors
from pelagos.runtime import bodies, calls, predictions

_SPECIAL = frozenset({b"origin", b"sec-fetch-site", b"expect", b"transfer-encoding", b"upgrade"})
"""With one of these in its head a request goes the ordinary way."""
_HEAD = b"content-type: application/json; charset=utf-8\r\ncontent-length: %d\r\n%s\r\n%s"
_HEADS_KEPT = 256
_LONGEST_HEAD = 4096


class Connection(Protocol):
    """Where the request came from."""

    transport: Any
    app: Any

    def ordinary(self, app: Any) -> None: ...
    def answered(self) -> None: ...
    @property
    def default_headers(self) -> Iterable[tuple[bytes, bytes]]: ...


def plain(head: bodies.Head) -> bool:
    """Whether the head of a request tells of a small body and nothing special."""
    return _SPECIAL.isdisjoint(head.as_sent) and (head.length or 0) <= bodies.IN_MEMORY


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What a head that was read asks for."""

    answering: predictions.Predictions
    head: bodies.Head
    length: int
    """Of the body."""


class Heads:
    """The heads of plain requests, by their bytes; all connections share them."""

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}

    def find(self, data: bytes) -> tuple[Known, bytes] | None:
        """Give what `data` asks for, and its body, when it is one whole request whose head is known."""
        end = data.find(b"\r\n\r\n") + 4
        known = self._known.get(data[:end])
        return None if known is None or len(data) != end + known.length else (known, data[end:])

    def keep(self, data: bytes, known: Known) -> None:
        """Remember the head that `data` begins with; when there are too many all are forgotten.

        Only where its end is beyond doubt: parsers pass over empty lines in front, and some take a bare line feed.
        """
        head = data[: data.find(b"\r\n\r\n") + 4]
        if head.startswith(b"POST ") and len(head) <= _LONGEST_HEAD and head.count(b"\n") == head.count(b"\r\n"):
            if len(self._known) >= _HEADS_KEPT:
                self._known.clear()
            self._known[head] = known


@functools.lru_cache(maxsize=8)
def _beginning(headers: tuple[tuple[bytes, bytes], ...]) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join([b"%s: %s\r\n" % header for header in headers])


class Exchange:
    """One request and its answer; it is what the call's answer is given to."""

    def __init__(self, connection: Connection, known: Known, *, cycle: Any = None, data: bytes = b"") -> None:
        self._connection = connection
        self._known = known
        self.cycle = cycle
        """Uvicorn's record of the request and of how its connection goes on; None while uvicorn knows nothing of it."""
        self.data = data
        """The whole request, when uvicorn knows nothing of it."""
        self._call: calls.Call | None = None
        self._size = 0
        self._started = time.perf_counter()

    def begin(self, body: bytes) -> None:
        """Predict; the body is there."""
        answering = self._known.answering
        self._size = len(body)
        self._call = answering.call(self._known.head, body, self)
        if self._call is None:
            self._connection.ordinary(self._connection.app)
            return
        answering.counters.in_flight += 1
        try:
            answering.pool.submit(self._call)
        except errors.PelagosError as refused:
            self.set_exception(refused)

    def gone(self) -> None:
        """Take note that the client has gone."""
        if self._call is not None:
            self._known.answering.pool.abandoned(self._call)
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
        closes = cycle is not None and not cycle.keep_alive
        transport = self._connection.transport
        more = b"connection: close\r\n" if closes else b""
        transport.write_now(_beginning(tuple(self._connection.default_headers)) + _HEAD % (len(body), more, body))
        self._end(200)
        if closes:
            transport.close()
        if cycle is not None:
            cycle.response_started = cycle.response_complete = True
        self._connection.answered()

    def set_exception(self, error: Exception) -> None:
        """Let the ordinary way tell of an error."""
        self._hand_over(error)

    def _hand_over(self, outcome: calls.Reply | Exception) -> None:
        self._call = None
        finish = self._known.answering.finish
        self._connection.ordinary(functools.partial(finish, outcome, self._size, self._started))

    def _end(self, status: int) -> None:
        self._call = None
        self._known.answering.count(status, self._size, self._started)
