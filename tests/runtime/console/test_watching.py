from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Hashable

import pytest

from pelagos.runtime.console import watching


class Counter:
    """Something to look at: counts the looks, changes when told."""

    def __init__(self) -> None:
        self.looks = 0
        self.value = 0

    async def look(self) -> tuple[Hashable, int]:
        self.looks += 1
        return self.value, self.value


def run(story: Awaitable[None]) -> None:
    async def within() -> None:
        async with asyncio.timeout(10):
            await story

    asyncio.run(within())


class TestWatches:
    def test_look_once_for_all_followers(self) -> None:
        async def story() -> None:
            watches, counter = watching.Watches(0.01), Counter()
            async with watches.follow("x", counter.look) as first, watches.follow("x", counter.look) as second:
                counter.value = 7
                await first.change(1, within_s=5)

                assert first is second
                assert (first.seen, watches.watched) == (7, 1)

        run(story())

    def test_make_once_for_all_followers_what_is_new_since_a_change(self) -> None:
        async def story() -> None:
            watches, counter, made = watching.Watches(0.01), Counter(), Counter()
            async with watches.follow("x", counter.look) as watch:
                await asyncio.gather(*(watch.shared("part", made.look) for _ in range(5)))
                before = made.looks
                counter.value = 7
                await watch.change(1, within_s=5)
                await watch.shared("part", made.look)

            assert (before, made.looks) == (1, 2)

        run(story())

    def test_let_a_follower_leave_without_taking_what_others_wait_for(self) -> None:
        async def story() -> None:
            watches, counter = watching.Watches(0.01), Counter()
            go_on = asyncio.Event()
            async with watches.follow("x", counter.look) as watch:
                leaving = asyncio.create_task(watch.shared("part", go_on.wait))
                staying = asyncio.create_task(watch.shared("part", go_on.wait))
                await asyncio.sleep(0)
                leaving.cancel()
                go_on.set()

                assert await staying

        run(story())

    def test_stop_looking_when_the_last_follower_leaves(self) -> None:
        async def story() -> None:
            watches, counter = watching.Watches(0.001), Counter()
            async with watches.follow("x", counter.look), watches.follow("x", counter.look):
                pass

            looks = counter.looks
            await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(20)))

            assert (watches.watched, counter.looks) == (0, looks)
            assert len(asyncio.all_tasks()) == 1

        run(story())

    def test_tell_that_nothing_changed_in_time(self) -> None:
        async def story() -> None:
            watches, counter = watching.Watches(0.01), Counter()
            async with watches.follow("x", counter.look) as watch:
                assert not await watch.change(watch.changes, within_s=0.05)

        run(story())

    def test_give_a_looks_error_to_the_follower_and_begin_anew_for_the_next(self) -> None:
        async def broken() -> tuple[Hashable, int]:
            raise LookupError("gone")

        async def story() -> None:
            watches = watching.Watches(0.01)
            async with watches.follow("x", broken) as watch:
                with pytest.raises(LookupError):
                    _ = watch.seen
                async with watches.follow("x", Counter().look) as other:
                    assert other.seen == 0
            assert watches.watched == 0

        run(story())

    def test_wake_everybody_when_they_are_closed(self) -> None:
        async def story() -> None:
            watches, counter = watching.Watches(0.01), Counter()
            async with watches.follow("x", counter.look) as watch:
                waiting = asyncio.create_task(watch.change(watch.changes, within_s=60))
                await asyncio.sleep(0)
                watches.close()

                assert not await waiting
                assert watch.ended

        run(story())
