"""One prediction on its way through the server: what goes to a worker and what comes back."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from pelagos.module import frames

Bytes = bytes | bytearray | memoryview

HIGH_WATER = 1 << 20
"""Bytes of a stream that wait for a slow client before the worker is made to wait."""


class Upload:
    """One file of a request: in memory, or on disk when it is large."""

    __slots__ = ("content_type", "data", "name", "path", "size")

    def __init__(
        self, name: str, *, size: int, content_type: str = "", data: Bytes | None = None, path: Path | None = None
    ) -> None:
        self.name = name
        self.content_type = content_type
        self.size = size
        self.data = data
        self.path = path

    def __repr__(self) -> str:
        return f"Upload({self.name!r}, {self.size} bytes)"


class Reply:
    """What a worker answered; the body is whole, or a stream."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(
        self,
        body: Bytes | Stream,
        *,
        status: int = 200,
        media_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers or {}

    @property
    def plain(self) -> bool:
        """Whether its head is that of most answers: JSON, and nothing more to say of it."""
        return self.status == 200 and self.media_type == "application/json" and not self.headers


class Taker(Protocol):
    """Who waits for an answer: a future, or somebody who takes it at once."""

    def done(self) -> bool: ...
    def set_result(self, result: Reply, /) -> None: ...
    def set_exception(self, exception: Exception, /) -> None: ...


class Call:
    """One prediction, from the queue to its answer."""

    __slots__ = ("abandoned", "body", "future", "head", "kind", "queued", "sent", "stream", "tries", "watch")

    def __init__(self, head: bytes, body: Sequence[Bytes], future: Taker, kind: int = frames.PREDICT) -> None:
        self.kind = kind
        """Of the frame that asks a worker."""
        self.head = head
        self.body = body
        self.future = future
        self.queued = 0.0
        self.sent = 0.0
        self.tries = 0
        self.abandoned: float | None = None
        """Since when nobody waits for it."""
        self.stream: Stream | None = None
        self.watch: Callable[[], None] | None = None
        """Begins to watch the client; called once, when the answer takes long."""

    def fail(self, error: Exception) -> None:
        """Answer with an error, if nobody answered before."""
        if not self.future.done():
            self.future.set_exception(error)
        elif self.stream is not None:
            self.stream.fail(error)


def prepare(
    arguments: Mapping[str, Any], model: Path | None, raw: Mapping[str, Any] | None
) -> tuple[bytes, list[Bytes]]:
    """Write the JSON part of a PREDICT frame, and list the bytes of the files that travel in it."""
    files: list[list[Any]] = []
    body: list[Bytes] = []
    plain: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, Upload):
            files.append(_described(name, value, body))
        elif isinstance(value, list) and value and isinstance(value[0], Upload):
            files += [_described([name], item, body) for item in value]
        else:
            plain[name] = value
    head: dict[str, Any] = {"arguments": plain}
    if raw is not None:
        form = raw["form"]
        files += [_described(place, value, body) for place, (_, value) in enumerate(form) if isinstance(value, Upload)]
        head["raw"] = {**raw, "form": [[name, None if isinstance(value, Upload) else value] for name, value in form]}
    if files:
        head["files"] = files
    if model is not None:
        head["model"] = str(model)
    return json.dumps(head).encode(), body


def frame(call: Call, number: int) -> list[Bytes]:
    """Write the frame that asks a worker."""
    size = sum(map(len, call.body))
    return [frames.header(call.kind, number, len(call.head), size) + call.head, *call.body]


def _described(place: Any, upload: Upload, body: list[Bytes]) -> list[Any]:
    if upload.data is None:
        return [place, upload.name, upload.content_type, str(upload.path)]
    body.append(upload.data)
    return [place, upload.name, upload.content_type, len(upload.data)]


class Stream:
    """The pieces of a streamed answer, as they come. Iterate once; `close` when nobody wants the rest."""

    def __init__(self, *, pause: Callable[[], None], resume: Callable[[], None], abandon: Callable[[], None]) -> None:
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._paused = False
        self._ended = False
        self._error: Exception | None = None
        self._wakeup: asyncio.Event = asyncio.Event()
        self._pause, self._resume, self._abandon = pause, resume, abandon
        self.stalled_since: float | None = None
        """Since when the worker waits for a slow client."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            while self._pieces:
                yield self._pop()
            if self._error is not None:
                raise self._error
            if self._ended:
                return
            self._wakeup.clear()
            await self._wakeup.wait()

    def feed(self, piece: bytes, now: float) -> None:
        """Take the next piece; the worker is made to wait when too many bytes are held."""
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held > HIGH_WATER and not self._paused:
            self._paused = True
            self.stalled_since = now
            self._pause()
        self._wakeup.set()

    def end(self) -> None:
        """Take note that no piece will follow."""
        self._ended = True
        self._wakeup.set()

    def fail(self, error: Exception) -> None:
        """Break off with an error after the pieces that are there."""
        self._error = error
        self._wakeup.set()

    def close(self) -> None:
        """Stop: what has not been sent is thrown away and the worker is told. May be called twice."""
        if not self._ended and self._error is None:
            self._abandon()
        self._ended = True
        self._pieces.clear()
        self._release()

    def _pop(self) -> bytes:
        piece = self._pieces.popleft()
        self._held -= len(piece)
        if self._held < HIGH_WATER // 2:
            self._release()
        return piece

    def _release(self) -> None:
        if self._paused:
            self._paused = False
            self.stalled_since = None
            self._resume()
