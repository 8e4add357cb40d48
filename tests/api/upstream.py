"""What the proxy is tested with: a server on a Unix socket that tells what it was asked, streams and echoes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from pelagos import orchestrator
from pelagos.api import errors as api_errors
from pelagos.api import proxy
from pelagos.domain import errors

ID = "a" * 32
PREFIX = f"/deployments/{ID}"


class Upstream:
    """The server behind the proxy; it remembers what became of its requests."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.used: list[str] = []
        self.received = 0
        self.go_on = asyncio.Event()
        routes: list[Any] = [
            Route("/told", self.told, methods=["GET", "POST", "PUT", "DELETE"]),
            Route("/swallow", self.swallow, methods=["POST"]),
            Route("/ticks", self.ticks),
            Route("/away", lambda _: RedirectResponse("/elsewhere", 302)),
            Route("/cookie", self.cookie),
            WebSocketRoute("/socket", self.socket),
        ]
        self.app = Starlette(routes=[Mount(PREFIX, routes=routes)])

    async def told(self, request: Request) -> Response:
        body = await request.body()
        facts = {"headers": dict(request.headers), "body": body.decode("latin-1"), "query": str(request.query_params)}
        return JSONResponse({**facts, "method": request.method}, headers={"X-Mine": "1"})

    async def swallow(self, request: Request) -> Response:
        async for piece in request.stream():
            self.received += len(piece)
        return JSONResponse(self.received)

    async def ticks(self, request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            try:
                yield b"data: 1\n\n"
                await self.go_on.wait()
                yield b"data: 2\n\n"
                await asyncio.Event().wait()
            finally:
                self.gone.set()

        return StreamingResponse(body(), media_type="text/event-stream")

    async def cookie(self, request: Request) -> Response:
        answer = JSONResponse(dict(request.cookies))
        answer.set_cookie("_xsrf", "1")
        return answer

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="v1" if "v1" in socket.scope["subprotocols"] else None)
        async for text in socket.iter_text():
            if text == "end":
                await socket.close(4001)
                return
            await socket.send_text(f"{text}!")
            await socket.send_bytes(text.encode())
        self.gone.set()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def served(app: ASGIApp, **where: Any) -> AsyncIterator[_Server]:
    """Serve an application until the block ends."""
    config = uvicorn.Config(app, ws="websockets-sansio", lifespan="off", log_config=None, **where)
    config.timeout_graceful_shutdown = 1
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    try:
        yield server
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def proxied(
    find: Callable[[str], orchestrator.Address], used: list[str] | None = None, *, kept_s: float = proxy.KEPT_S
) -> AsyncIterator[str]:
    """Give the address of a server with nothing but the proxy; it puts into `used` what has open connections."""
    passing = proxy.Proxy(find, (used if used is not None else []).append, noted_every_s=0.02, kept_s=kept_s)
    handlers: Any = {HTTPException: api_errors.answer, errors.PelagosError: api_errors.answer}
    app = Starlette(routes=[Mount("/deployments/{id}", app=passing)], exception_handlers=handlers)
    async with served(app, host="127.0.0.1", port=0) as server:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    await passing.close()


@contextlib.asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[str, Upstream]]:
    """Serve an upstream on a Unix socket and the proxy before it."""
    upstream, socket = Upstream(), folder / "s"
    address = orchestrator.Address(socket=socket)
    async with served(upstream.app, uds=str(socket)), proxied(lambda _: address, upstream.used) as url:
        yield url + PREFIX, upstream
