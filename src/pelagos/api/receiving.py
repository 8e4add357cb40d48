"""Bodies of requests: on disk, piece by piece, and gone when the request ends."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request

from pelagos.api import bounded
from pelagos.domain import errors
from pelagos.runtime import bodies, calls, pool


@dataclasses.dataclass(frozen=True)
class Place:
    """Where bodies go."""

    folder: Path
    limit: int
    """Largest body, in bytes."""


@contextlib.asynccontextmanager
async def form(request: Request) -> AsyncIterator[bodies.Body]:
    """Receive a form or JSON; large files of it are on disk. Raises TooLarge, Declined, `pool.ClientGone`."""
    place = _place(request)
    body = bodies.Body(place.limit, place.folder)
    try:
        await bodies.read(bodies.Head(request.scope), request.receive, body)
        yield body
    finally:
        await body.close()


@contextlib.asynccontextmanager
async def file(request: Request) -> AsyncIterator[Path]:
    """Receive a whole body as one file. Raises TooLarge, `pool.ClientGone`."""
    place = _place(request)
    body = bodies.Body(place.limit, place.folder)
    try:
        yield await _written(request, body)
    finally:
        await body.close()


def placed(body: bodies.Body) -> list[tuple[str, Path]]:
    """Give the files of a form by the names of their parts, all of them on disk. Raises InvalidInput."""
    found = []
    for name, value in body.form:
        if not isinstance(value, calls.Upload):
            raise errors.InvalidInput({name: ["is no file; expected files only, each under its path in the data set"]})
        found.append((name, _on_disk(value, body)))
    return found


def body(media_type: str) -> dict[str, Any]:
    """Describe a body that is streamed, for OpenAPI."""
    schema = {"type": "object"} if media_type.startswith("multipart") else {"type": "string", "format": "binary"}
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def _place(request: Request) -> Place:
    setattr(request.state, bounded.STREAMED, True)
    place: Place = request.app.state.place
    return place


async def _written(request: Request, body: bodies.Body) -> Path:
    length = request.headers.get("content-length", "")
    if length.isdecimal():
        body.check(int(length))
    with tempfile.NamedTemporaryFile(dir=body.temporary(), delete=False) as target:
        held = bytearray()
        more = True
        while more:
            message = await request.receive()
            if message["type"] == "http.disconnect":
                raise pool.ClientGone
            piece, more = message.get("body", b""), message.get("more_body", False)
            body.grow(len(piece))
            held += piece
            if len(held) >= bodies.WRITE or not more:
                await asyncio.to_thread(target.write, bytes(held))
                held.clear()
    return Path(target.name)


def _on_disk(upload: calls.Upload, body: bodies.Body) -> Path:
    if upload.path is not None:
        return Path(upload.path)
    with tempfile.NamedTemporaryFile(dir=body.temporary(), delete=False) as target:
        target.write(upload.data or b"")
    return Path(target.name)
