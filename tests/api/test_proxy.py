"""The proxy over real sockets: a client, the proxy, and a server behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import httpx
import pytest
import websockets

from api import upstream
from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.identity import credentials


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await body()

    asyncio.run(limited())


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.01)


class TestRequest:
    def test_arrives_with_method_query_body_and_headers_but_without_our_secrets(self, tmp_path: Path) -> None:
        async def body() -> None:
            sent = {"X-Theirs": "2", "Cookie": f"a=1; {credentials.COOKIE}=secret", "Authorization": "Bearer secret"}
            async with upstream.both(tmp_path) as (url, _), httpx.AsyncClient() as client:
                answer = await client.put(f"{url}/told?q=%2Fa%20b", content=b"hello", headers=sent)

            told = answer.json()
            assert (told["method"], told["query"], told["body"]) == ("PUT", "q=%2Fa+b", "hello")
            assert (told["headers"]["x-theirs"], told["headers"]["cookie"]) == ("2", "a=1")
            assert "secret" not in answer.text
            assert answer.headers["x-mine"] == "1"

        run(body)

    def test_keeps_the_host_that_the_client_named(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, _), httpx.AsyncClient() as client:
                told = (await client.get(f"{url}/told")).json()

            assert f"http://{told['headers']['host']}" in url

        run(body)

    def test_is_streamed_up_without_being_held(self, tmp_path: Path) -> None:
        async def pieces(server: upstream.Upstream) -> AsyncIterator[bytes]:
            yield b"x" * 200_000
            # The first piece arrives before the last one is sent.
            await until(lambda: server.received)
            yield b"y" * 100_000

        async def body() -> None:
            async with upstream.both(tmp_path) as (url, server), httpx.AsyncClient() as client:
                answer = await client.post(f"{url}/swallow", content=pieces(server))

            assert answer.json() == 300_000

        run(body)

    def test_frees_the_deployment_when_its_client_goes_away(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, server), httpx.AsyncClient() as client:
                async with client.stream("GET", f"{url}/ticks") as answer:
                    await anext(answer.aiter_raw())
                await until(server.gone.is_set)

        run(body)


class TestAnswer:
    def test_is_streamed_down_as_it_comes(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with (
                upstream.both(tmp_path) as (url, server),
                httpx.AsyncClient() as client,
                client.stream("GET", f"{url}/ticks") as answer,
            ):
                pieces = answer.aiter_raw()
                first = await anext(pieces)
                server.go_on.set()
                second = await anext(pieces)

            assert (first, second) == (b"data: 1\n\n", b"data: 2\n\n")

        run(body)

    def test_sends_redirects_and_cookies_below_the_deployment(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, _), httpx.AsyncClient() as client:
                away, cookie = await client.get(f"{url}/away"), await client.get(f"{url}/cookie")

            assert away.headers["location"] == f"{upstream.PREFIX}/elsewhere"
            assert f"Path={upstream.PREFIX}/" in cookie.headers["set-cookie"]

        run(body)

    def test_says_why_there_is_none(self, tmp_path: Path) -> None:
        def starting(_: str) -> orchestrator.Address:
            raise errors.Unavailable("It starts.")

        async def body() -> None:
            dead = orchestrator.Address(socket=tmp_path / "nothing")
            async with httpx.AsyncClient() as client:
                async with upstream.proxied(starting) as url:
                    waiting = await client.get(f"{url}{upstream.PREFIX}/")
                    unknown = await client.get(f"{url}/deployments/none/")
                async with upstream.proxied(lambda _: dead) as url:
                    broken = await client.get(f"{url}{upstream.PREFIX}/")

            assert (waiting.status_code, waiting.json()["error"]["message"]) == (503, "It starts.")
            assert waiting.headers["retry-after"] == "1"
            assert (unknown.status_code, broken.status_code) == (404, 503)
            assert broken.headers["retry-after"] == "1"

        run(body)

    def test_comes_from_another_replica_when_the_first_has_just_gone(self, tmp_path: Path) -> None:
        async def body() -> None:
            gone, there = orchestrator.Address(socket=tmp_path / "gone"), orchestrator.Address(socket=tmp_path / "s")
            turns = iter((gone, there))
            async with (
                upstream.served(upstream.Upstream().app, uds=str(tmp_path / "s")),
                upstream.proxied(lambda _: next(turns)) as url,
                httpx.AsyncClient() as client,
            ):
                answer = await client.post(f"{url}{upstream.PREFIX}/swallow", content=b"x" * 300_000)

            assert (answer.status_code, answer.json()) == (200, 300_000)

        run(body)

    def test_leaves_no_connection_to_what_is_asked_no_more(self, tmp_path: Path) -> None:
        async def body() -> None:
            socket = tmp_path / "s"
            address = orchestrator.Address(socket=socket)
            async with (
                # The server itself would keep them for longer than this test takes.
                upstream.served(upstream.Upstream().app, uds=str(socket), timeout_keep_alive=600) as server,
                upstream.proxied(lambda _: address, kept_s=0) as url,
                httpx.AsyncClient() as client,
            ):
                first = await client.get(f"{url}{upstream.PREFIX}/told")
                await until(lambda: not server.server_state.connections)
                second = await client.get(f"{url}{upstream.PREFIX}/told")

            assert (first.status_code, second.status_code) == (200, 200)

        run(body)

    def test_is_not_cut_off_however_long_it_takes(self, tmp_path: Path) -> None:
        async def body() -> None:
            server, socket, noted = upstream.Upstream(), tmp_path / "s", list[str]()
            address = orchestrator.Address(socket=socket)
            async with (
                upstream.served(server.app, uds=str(socket)),
                upstream.proxied(lambda _: address, noted, kept_s=0) as url,
                httpx.AsyncClient() as client,
                client.stream("GET", f"{url}{upstream.PREFIX}/ticks") as answer,
            ):
                pieces = answer.aiter_raw()
                await anext(pieces)
                await until(lambda: len(noted) > 3)
                server.go_on.set()

                assert await anext(pieces) == b"data: 2\n\n"

        run(body)


class TestWebSocket:
    def test_joins_both_ends(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, _):
                place = url.replace("http", "ws", 1) + "/socket"
                async with websockets.connect(place, subprotocols=[websockets.Subprotocol("v1")]) as socket:
                    await socket.send("a")
                    heard = [await socket.recv(), await socket.recv()]
                    await socket.send("end")
                    with pytest.raises(websockets.ConnectionClosed):
                        await socket.recv()

            assert (heard, socket.subprotocol, socket.close_code) == (["a!", b"a"], "v1", 4001)

        run(body)

    def test_tells_the_deployment_that_its_client_went_away(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, server):
                async with websockets.connect(url.replace("http", "ws", 1) + "/socket") as socket:
                    await socket.send("a")
                await until(server.gone.is_set)

        run(body)

    def test_counts_as_use_for_as_long_as_it_is_open(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with (
                upstream.both(tmp_path) as (url, server),
                websockets.connect(url.replace("http", "ws", 1) + "/socket"),
            ):
                await until(lambda: len(server.used) >= 2)

            assert set(server.used) == {upstream.ID}

        run(body)

    def test_is_refused_with_the_status_of_the_deployment(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with upstream.both(tmp_path) as (url, _), aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                    await session.ws_connect(f"{url}/nowhere")

            assert refused.value.status == 403

        run(body)
