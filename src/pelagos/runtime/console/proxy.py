"""Pass a request on to a server on this machine and stream its answer back.

One connection a request, spoken in HTTP/1.0: the other end then closes when it is done, so there is nothing to unpack
and the standard library is enough. Fast enough for what it is for, a TensorBoard on loopback with a few readers.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from pelagos.domain import errors

BODY_LIMIT = 4_000_000
_TIMEOUT_S = 30.0
_PIECE_BYTES = 65_536

_ASKED = ("accept", "accept-encoding", "content-type", "if-none-match", "if-modified-since", "user-agent")
_ANSWERED = frozenset(
    {
        "cache-control",
        "content-encoding",
        "content-length",
        "content-security-policy",
        "content-type",
        "etag",
        "expires",
        "last-modified",
        "location",
        "vary",
    }
)


async def forward(request: Request, port: int, path: str) -> Response:
    """Ask the server on `port` of loopback for `path` and answer with what it says.

    Raises Unavailable when it does not take the connection or does not begin to answer within 30 s.
    """
    body = await _body(request)
    asked = _head(request, port, path, len(body)) + body
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError as error:
        raise errors.Unavailable("The monitor does not answer.") from error
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            writer.write(asked)
            status, headers = _read_head(await reader.readuntil(b"\r\n\r\n"))
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        writer.close()
        raise errors.Unavailable("The monitor does not answer.") from error
    kept = {name: value for name, value in headers if name in _ANSWERED}
    if request.method == "HEAD":
        writer.close()
        return Response(status_code=status, headers=kept)
    return StreamingResponse(_pieces(reader, writer), status_code=status, headers=kept)


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_LIMIT:
            raise errors.TooLarge("The request is too large for the monitor.")
    return body


def _head(request: Request, port: int, path: str, size: int) -> bytes:
    query = request.url.query
    lines = [f"{request.method} {path}{'?' + query if query else ''} HTTP/1.0", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {request.headers[name]}" for name in _ASKED if name in request.headers]
    lines += [f"Content-Length: {size}"] if size else []
    # Names and values come from a parsed request, so none of them holds a line end.
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _read_head(head: bytes) -> tuple[int, list[tuple[str, str]]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return int(first.partition(" ")[2][:3]), [(name.strip().lower(), value.strip()) for name, _, value in pairs]


async def _pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> AsyncIterator[bytes]:
    try:
        while piece := await reader.read(_PIECE_BYTES):
            yield piece
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
