"""Head and body of an answer leave together."""

import asyncio
from typing import Any

from pelagos.runtime import connection
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
