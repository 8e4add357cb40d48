from __future__ import annotations

import asyncio
import urllib.parse

import pytest

from pelagos.domain import errors
from pelagos.runtime.console import events
from pelagos.web import live

CHANGED = events.event("changed", "1")


class Lists:
    """Lists that can be looked at; it counts how often."""

    def __init__(self) -> None:
        self.marks = {"runs": 0, "models": 0}
        self.looks = dict.fromkeys(self.marks, 0)

    def look(self, kind: str) -> int:
        self.looks[kind] += 1
        return self.marks[kind]


def made(stopping: asyncio.Event | None = None) -> tuple[live.Live, Lists]:
    lists, found = Lists(), live.Live(stopping, interval_s=0.01)
    for kind in lists.marks:
        found.add(kind, lambda kind=kind: lists.look(kind))
    return found, lists


async def next_change(stream: object) -> bytes:
    async for piece in stream:  # type: ignore[attr-defined]
        if piece == CHANGED:
            return bytes(piece)
    return b"ended"


class TestLive:
    def test_tells_of_a_change_in_any_list_that_is_followed(self) -> None:
        async def body() -> list[bytes]:
            found, lists = made()
            stream = found.stream(("runs", "models")).body_iterator
            first = await anext(aiter(stream))
            told = []
            for kind in ("models", "runs"):
                lists.marks[kind] += 1
                told.append(await next_change(stream))
            await stream.aclose()  # type: ignore[attr-defined]
            return [bytes(first), *told]  # type: ignore[arg-type]

        assert asyncio.run(asyncio.wait_for(body(), 20)) == [events.KEEP_ALIVE, CHANGED, CHANGED]

    @pytest.mark.parametrize(("changed", "first"), [(False, events.KEEP_ALIVE), (True, CHANGED)])
    def test_tells_at_once_of_a_change_since_the_page_was_drawn(self, changed: bool, first: bytes) -> None:
        async def body() -> bytes:
            found, lists = made()
            address = await found.address("runs", "models")
            lists.marks["models"] += changed
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)
            stream = found.stream(tuple(asked["of"]), asked["seen"][0]).body_iterator
            told = await anext(aiter(stream))
            await stream.aclose()  # type: ignore[attr-defined]
            return bytes(told)  # type: ignore[arg-type]

        assert asyncio.run(asyncio.wait_for(body(), 20)) == first

    def test_looks_once_for_all_who_follow_and_not_at_all_for_nobody(self) -> None:
        async def body() -> tuple[int, int]:
            found, lists = made()
            streams = [found.stream(("runs",)).body_iterator for _ in range(50)]
            for stream in streams:
                await anext(aiter(stream))
            watched = found.watches.watched
            lists.marks["runs"] += 1
            await asyncio.gather(*map(next_change, streams))
            for stream in streams:
                await stream.aclose()  # type: ignore[attr-defined]
            return watched, found.watches.watched

        assert asyncio.run(asyncio.wait_for(body(), 20)) == (1, 0)

    def test_ends_with_the_server(self) -> None:
        async def body() -> bytes:
            stopping = asyncio.Event()
            found, _ = made(stopping)
            stream = found.stream(("runs",)).body_iterator
            await anext(aiter(stream))
            stopping.set()
            return await next_change(stream)

        assert asyncio.run(asyncio.wait_for(body(), 20)) == b"ended"

    @pytest.mark.parametrize("kinds", [(), ("nothing",), ("runs", "nothing")])
    def test_knows_its_lists(self, kinds: tuple[str, ...]) -> None:
        found, _ = made()

        with pytest.raises(errors.NotFound):
            found.stream(kinds)
