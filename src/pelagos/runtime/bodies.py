"""Receive the body of a request: small ones in memory, large files on disk, chunk by chunk and off the event loop."""

from __future__ import annotations

import asyncio
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import multipart  # type: ignore[import-untyped]
from starlette.types import Message, Receive, Scope

from pelagos.domain import errors
from pelagos.module import forms
from pelagos.runtime import calls, parts, pool
from pelagos.runtime.errors import Declined

IN_MEMORY = 1 << 20
"""A body up to this size stays in memory; the files of a larger one go to disk."""
WRITE = 1 << 20
"""Bytes written to disk at once."""
FIELDS_SIZE = 32 << 20
"""Most bytes of a JSON body, of a form without files, or of all fields that are not files."""
FIELDS_COUNT = forms.FIELDS_COUNT
LONGEST_TOLD = 8192
"""Workers keep what heads say, to read it once; not if it is longer."""


Chunks = Callable[[], Awaitable[tuple[bytes, bool]]]
"""Gives the next bytes of a body, and whether there are more."""


class Body:
    """What a request brought in its body. `close` when the request ends: all its files are removed."""

    def __init__(self, limit: int, folder: Path) -> None:
        self._limit = limit
        self._folder = folder
        self._temporary: Path | None = None
        self.form: list[tuple[str, Any]] = []
        """Fields in the order of the body: text, or `calls.Upload`."""
        self.json: Any = None
        self.invalid_json = False
        """Whether the body claims to be JSON and is not; only if that was asked to be passed over."""
        self.size = 0

    def grow(self, count: int) -> None:
        """Count bytes received. Raises TooLarge."""
        self.size += count
        self.check(self.size)

    def check(self, size: int) -> None:
        """Raise TooLarge when a body of `size` bytes is not accepted."""
        if self._limit and size > self._limit:
            raise errors.TooLarge(f"the body is larger than {self._limit} bytes, the limit of this server")

    def temporary(self) -> Path:
        """Give the folder for the request's files."""
        if self._temporary is None:
            self._temporary = Path(tempfile.mkdtemp(dir=self._folder))
        return self._temporary

    def fields(self) -> dict[str, list[Any]]:
        """Give the form by name; a repeated name has several values."""
        return _by_name(self.form)

    async def close(self) -> None:
        """Remove the files. May be called twice."""
        if self._temporary is not None:
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)
            self._temporary = None


_NO_BODY = Body(0, Path())


class Head:
    """What the head of a request says; it may be asked again and again, and reads everything once."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.as_sent: dict[bytes, bytes] = dict(scope["headers"])
        """The headers as they came, their names in lower case."""

    @functools.cached_property
    def kind(self) -> str:
        """The media type of the body, with its parameters."""
        return self.as_sent.get(b"content-type", b"").decode("latin-1")

    @functools.cached_property
    def media_type(self) -> str:
        """The media type alone."""
        return self.kind.partition(";")[0].strip().lower()

    @functools.cached_property
    def boundary(self) -> str:
        """What stands between the parts of a multipart body; empty when it is not said."""
        found: str = multipart.parse_options_header(self.kind)[1].get("boundary", "")
        return found

    @functools.cached_property
    def reader(self) -> str:
        """How a body of that kind is read when it is there as a whole: as `form`, as `json`, or not at all."""
        name = self.media_type
        if name == "application/x-www-form-urlencoded":
            return "form"
        is_json = name == "application/json" or (name.startswith("application/") and name.endswith("+json"))
        return "json" if is_json else ""

    @functools.cached_property
    def length(self) -> int | None:
        """How long the body is said to be, in bytes."""
        if b"transfer-encoding" in self.as_sent:
            return None
        text = self.as_sent.get(b"content-length", b"0")
        return int(text) if text.isdigit() else None

    @functools.cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """The query. Raises TooLarge."""
        return _pairs(self._scope["query_string"])

    @functools.cached_property
    def query(self) -> dict[str, list[str]]:
        """The query by name. Raises TooLarge."""
        return _by_name(self.pairs)

    @functools.cached_property
    def headers(self) -> dict[str, str]:
        """All headers, as text."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self._scope["headers"]}

    @functools.cached_property
    def told(self) -> bytes | None:
        """What a worker that reads the body is told of the head, as JSON; None when we must. Raises TooLarge."""
        if not self.reader and self.length != 0:
            return None
        text = json.dumps({**raw(self, _NO_BODY), "kind": self.reader}).encode()
        return text if len(text) <= LONGEST_TOLD else None


async def read(head: Head, receive: Receive, body: Body, *, lenient: bool = False) -> None:
    """Receive the whole body into `body`. Raises Declined (400), TooLarge, `pool.ClientGone`.

    With `lenient`, JSON that is broken is left to whoever looks for an argument in it.
    """
    length = head.length
    if length is not None:
        body.check(length)
    if head.media_type == "multipart/form-data" and length is not None and length <= IN_MEMORY:
        data = await _whole(receive, body)
        if not _read_parts(head, data, body):
            await _multipart(_already(data), body, head.boundary)
    elif head.media_type == "multipart/form-data":
        await _multipart(functools.partial(_next, receive, body), body, head.boundary)
    elif head.reader:
        _read_text(head, await _whole(receive, body), body, lenient=lenient)
    elif length != 0:
        await _drain(receive, body)


def read_whole(head: Head, data: bytes, body: Body, *, lenient: bool = False) -> None:
    """Do what `read` does with a body that is there: at most IN_MEMORY bytes, so nothing has to be waited for."""
    if head.reader:
        body.grow(len(data))
        _read_text(head, data, body, lenient=lenient)
        return
    if head.media_type == "multipart/form-data" and _read_parts(head, data, body):
        body.grow(len(data))
        return

    async def receive() -> Message:
        return {"type": "http.request", "body": data, "more_body": False}

    reading = read(head, receive, body, lenient=lenient)
    try:
        reading.send(None)
    except StopIteration:
        return
    reading.close()
    raise RuntimeError("a small body was not read at once")


def unread(head: Head, data: bytes) -> bytes | None:
    """Give what a worker that reads a small body itself is told of the request; None when we must read it."""
    return None if forms.too_many(data) else head.told


def cookies(header: str) -> dict[str, str]:
    """Read a Cookie header."""
    found = {}
    for part in header.split(";"):
        name, equals, value = part.strip().partition("=")
        if equals:
            found[name] = value
    return found


def raw(head: Head, body: Body) -> dict[str, Any]:
    """Give the request as a module that parses it itself wants it."""
    return {
        "query": head.pairs,
        "form": body.form,
        "json": body.json,
        "invalid_json": body.invalid_json,
        "headers": head.headers,
        "cookies": cookies(head.headers.get("cookie", "")),
    }


def _by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


async def _next(receive: Receive, body: Body) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise pool.ClientGone
    chunk: bytes = message.get("body", b"")
    body.grow(len(chunk))
    return chunk, message.get("more_body", False)


async def _whole(receive: Receive, body: Body) -> bytes:
    chunk, more = await _next(receive, body)
    if not more:
        return chunk
    chunks = [chunk]
    while more:
        chunk, more = await _next(receive, body)
        chunks.append(chunk)
        if body.size > FIELDS_SIZE:
            raise errors.TooLarge(f"a body without files may have at most {FIELDS_SIZE} bytes")
    return b"".join(chunks)


async def _drain(receive: Receive, body: Body) -> None:
    more = True
    while more:
        _, more = await _next(receive, body)


def _read_text(head: Head, text: bytes, body: Body, *, lenient: bool) -> None:
    if head.reader == "form":
        body.form = _pairs(text)
        return
    try:
        body.json = json.loads(text) if text else None
    except (ValueError, RecursionError):
        body.invalid_json = True
        if not lenient:
            raise Declined(400, faults={"json": ["Invalid JSON body."]}) from None


def _pairs(text: bytes) -> list[tuple[str, str]]:
    if forms.too_many(text):
        raise errors.TooLarge(f"there are more than {FIELDS_COUNT} fields")
    return forms.pairs(text)


def _read_parts(head: Head, data: bytes, body: Body) -> bool:
    """Read the parts of a whole body; False when that is for `_multipart` to do."""
    found = parts.found(data, head.boundary, FIELDS_COUNT)
    if found is None:
        return False
    try:
        body.form = [(part.name, _small(part)) for part in found]
    except UnicodeDecodeError:
        return False
    return True


def _small(part: parts.Part) -> str | calls.Upload:
    if part.filename is None:
        return part.data.decode()
    return calls.Upload(part.filename, size=len(part.data), content_type=part.content_type, data=part.data)


def _already(data: bytes) -> Chunks:
    async def next_chunk() -> tuple[bytes, bool]:
        return data, False

    return next_chunk


async def _multipart(next_chunk: Chunks, body: Body, boundary: str) -> None:
    into = _Parts(body)
    try:
        parser = multipart.PushMultipartParser(boundary, max_segment_count=FIELDS_COUNT, max_header_count=16)
        more = True
        while more:
            chunk, more = await next_chunk()
            if chunk:
                await into.take(parser.parse(chunk))
        parser.close()
    except multipart.ParserLimitReached as error:
        raise errors.TooLarge(f"the form is too large: {error}") from None
    except multipart.MultipartError as error:
        raise Declined(400, faults={"form": [f"Invalid multipart body: {error}."]}) from None
    finally:
        into.close()


class _Parts:
    """Puts the parts of a multipart body where they belong."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._segment: Any = None
        self._chunks: list[bytes] = []
        self._held = 0
        self._fields_size = 0
        self._file: BinaryIO | None = None
        self._path: Path | None = None

    async def take(self, events: Any) -> None:
        """Take what the parser found in one chunk."""
        for event in events:
            if event is None:
                await self._finish()
            elif isinstance(event, (bytes, bytearray)):
                self._chunks.append(bytes(event))
                self._held += len(event)
                if self._held >= WRITE or (self._file is None and self._body.size > IN_MEMORY):
                    await self._write()
            else:
                self._segment = event

    def close(self) -> None:
        """Close the file of a part that did not end."""
        if self._file is not None:
            self._file.close()

    async def _write(self) -> None:
        if not self._is_file():
            if self._fields_size + self._held > FIELDS_SIZE:
                raise errors.TooLarge(f"fields that are not files may have at most {FIELDS_SIZE} bytes")
            return
        if self._file is None:
            suffix = PurePath(self._segment.filename).suffix[:16]
            descriptor, name = tempfile.mkstemp(dir=self._body.temporary(), suffix=_safe(suffix))
            self._file, self._path = os.fdopen(descriptor, "wb"), Path(name)
        data, self._chunks, self._held = b"".join(self._chunks), [], 0
        await asyncio.to_thread(self._file.write, data)

    async def _finish(self) -> None:
        segment = self._segment
        if segment.name is None:
            raise Declined(400, faults={"form": ["Invalid multipart body: a part has no name."]})
        if not self._is_file():
            self._fields_size += self._held
            self._body.form.append((segment.name, self._text()))
        else:
            self._body.form.append((segment.name, await self._upload()))
        self._segment, self._chunks, self._held, self._file = None, [], 0, None

    def _is_file(self) -> bool:
        return self._segment.filename is not None

    def _text(self) -> str:
        try:
            return b"".join(self._chunks).decode(self._segment.charset or "utf-8")
        except (LookupError, UnicodeDecodeError):
            raise Declined(400, faults={self._segment.name: ["Not valid text in UTF-8."]}) from None

    async def _upload(self) -> calls.Upload:
        name = PurePath(self._segment.filename.replace("\\", "/")).name
        kind = self._segment.content_type or ""
        if self._file is None:
            data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
            return calls.Upload(name, size=len(data), content_type=kind, data=data)
        if self._held:
            await self._write()
        await asyncio.to_thread(self._file.close)
        return calls.Upload(name, size=self._segment.size, content_type=kind, path=self._path)


def _safe(suffix: str) -> str:
    return suffix if suffix.isascii() and suffix[1:].isalnum() else ""
