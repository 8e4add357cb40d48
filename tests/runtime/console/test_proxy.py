from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pelagos.domain import errors
from pelagos.runtime.console import proxy


@contextlib.asynccontextmanager
async def saying(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Run a server that answers with the same bytes; gives its port and what it was asked."""
    asked: list[bytes] = []

    async def on_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        size = next((int(line[16:]) for line in asked[-1].split(b"\r\n") if line.startswith(b"Content-Length: ")), 0)
        asked[-1] += await reader.readexactly(size)
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(on_connection, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], asked


async def ask(port: int, method: str = "GET", **more: object) -> httpx.Response:
    async def endpoint(request: Request) -> Response:
        return await proxy.forward(request, port, "/deep/path")

    app = Starlette(routes=[Route("/x", endpoint, methods=["GET", "HEAD", "POST"])])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        return await client.request(method, "/x?q=a%20b", **more)  # type: ignore[arg-type]


def run(story: Awaitable[None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await story

    asyncio.run(within())


class TestForward:
    def test_passes_on_what_is_asked_and_what_is_said(self) -> None:
        async def story() -> None:
            said = b"HTTP/1.0 418 Teapot\r\nContent-Type: text/x\r\nSet-Cookie: a=b\r\nContent-Length: 3\r\n\r\nabc"
            async with saying(said) as (port, asked):
                answer = await ask(port, "POST", content=b"hello", headers={"content-type": "text/y", "cookie": "s=1"})

            assert (answer.status_code, answer.text, answer.headers["content-type"]) == (418, "abc", "text/x")
            assert "set-cookie" not in answer.headers
            assert asked[0].startswith(b"POST /deep/path?q=a%20b HTTP/1.0\r\n")
            assert asked[0].endswith(b"\r\n\r\nhello")
            assert b"s=1" not in asked[0]

        run(story())

    def test_streams_large_answers(self) -> None:
        async def story() -> None:
            body = b"x" * 3_000_000
            async with saying(b"HTTP/1.1 200 OK\r\n\r\n" + body) as (port, _):
                assert (await ask(port)).content == body

        run(story())

    def test_answers_head_without_a_body(self) -> None:
        async def story() -> None:
            async with saying(b"HTTP/1.0 200 OK\r\nContent-Type: a/b\r\n\r\n") as (port, asked):
                answer = await ask(port, "HEAD")

            assert (answer.status_code, answer.content) == (200, b"")
            assert asked[0].startswith(b"HEAD ")

        run(story())

    @pytest.mark.parametrize("said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.0\r\n\r\n"])
    def test_tells_that_nothing_sensible_came(self, said: bytes) -> None:
        async def story() -> None:
            async with saying(said) as (port, _):
                with pytest.raises(errors.Unavailable):
                    await ask(port)

        run(story())

    def test_tells_that_nobody_is_there(self) -> None:
        async def story() -> None:
            async with saying(b"") as (port, _):
                pass
            with pytest.raises(errors.Unavailable):
                await ask(port)

        run(story())

    def test_refuses_large_bodies(self) -> None:
        async def story() -> None:
            async with saying(b"") as (port, _):
                with pytest.raises(errors.TooLarge):
                    await ask(port, "POST", content=b"x" * (proxy.BODY_LIMIT + 1))

        run(story())
