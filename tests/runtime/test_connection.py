"""Head and body of an answer leave together."""

import asyncio
import contextlib
from typing import Any

import pytest
from starlette import responses

from pelagos.runtime import connection, server
from runtime.conftest import run


class Transport:
    """Remembers what was done to it."""

    def __init__(self) -> None:
        self.done: list[Any] = []

    def writelines(self, parts: list[bytes]) -> None:
        self.done.append(b"".join(parts))

    def close(self) -> None:
        self.done.append("closed")

    def get_extra_info(self, name: str) -> str:
        return f"extra {name}"


def joining() -> tuple[Any, Transport]:
    transport = Transport()
    return connection.Joining(transport, asyncio.get_running_loop()), transport  # type: ignore[arg-type]


class TestJoining:
    def test_sends_what_was_written_in_one_turn_at_its_end(self) -> None:
        async def body() -> None:
            joined, transport = joining()
            joined.write(b"head ")
            joined.write(b"body")
            assert transport.done == []

            await asyncio.sleep(0)
            joined.write(b"next")
            await asyncio.sleep(0)

            assert transport.done == [b"head body", b"next"]

        run(body)

    def test_loses_nothing_when_it_is_closed(self) -> None:
        async def body() -> None:
            joined, transport = joining()
            joined.write(b"last")

            joined.close()
            await asyncio.sleep(0)

            assert transport.done == [b"last", "closed"]

        run(body)

    def test_is_the_transport_in_everything_else(self) -> None:
        async def body() -> None:
            joined, _ = joining()

            assert joined.get_extra_info("peername") == "extra peername"

        run(body)


async def _ok(scope: Any, receive: Any, send: Any) -> None:
    while (await receive()).get("more_body"):
        pass
    await responses.PlainTextResponse("ok")(scope, receive, send)


async def _answer(*pieces: bytes) -> bytes:
    """Send pieces to a server; give what it answers until it closes."""
    with server.listening("127.0.0.1", 0) as listener:
        serving = server.Server(server.config(_ok, 1.0))
        task = asyncio.create_task(serving.serve([listener]))
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
        answer = b""
        with contextlib.suppress(ConnectionError):
            answer = await reader.read()
        writer.close()
        serving.should_exit = True
        await task
        return answer


class TestConnection:
    @pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nX: ", b"GET /", b"POST / HTTP/1.1\r\nHost: x\r\nX: "])
    def test_refuses_a_head_that_does_not_end(self, begin: bytes) -> None:
        async def body() -> None:
            answer = await _answer(begin, *[b"a" * 65_536] * 64)

            # What it sent is lost where it closed before it had read everything.
            assert answer[:13] in (b"HTTP/1.1 400 ", b"")

        run(body)

    def test_takes_a_head_of_the_usual_size_and_a_large_body(self) -> None:
        async def body() -> None:
            head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: %s\r\nContent-Length: 1048576\r\n\r\n"
            answer = await _answer(head % (b"a" * 60_000), *[b"b" * 65_536] * 16)

            assert answer.startswith(b"HTTP/1.1 200 ")

        run(body)
