"""Watch something that changes for as many followers as there are: one look every 0.3 s, however many follow.

Nobody following means nobody looking. A follower waits without a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Any, Generic, TypeVar

from pelagos.domain import errors

INTERVAL_S = 0.3
FIRST_LOOK_S = 10.0

Seen = TypeVar("Seen")
Made = TypeVar("Made")
Look = Callable[[], Awaitable[tuple[Hashable, Seen]]]
"""Gives a mark, which differs when something has changed, and what was seen."""


class Watch(Generic[Seen]):
    """One watched thing; the newest look is kept. Made within a running event loop, which it looks from."""

    def __init__(self, look: Look[Seen], interval_s: float) -> None:
        self.changes = 0
        """How often it has changed; a follower remembers which change it has seen."""
        self.ended = False
        """Whether no further look will come."""
        self.followers = 0
        self._seen: list[Seen] = []
        self._error: Exception | None = None
        self._changed = asyncio.Event()
        self._made: dict[Hashable, asyncio.Future[Any]] = {}
        self._task = asyncio.create_task(self._run(look, interval_s))

    @property
    def seen(self) -> Seen:
        """What the newest look saw; raises what the look raised, and NotYet when none has ended so far."""
        if self._error is not None:
            raise self._error
        if not self._seen:
            raise errors.NotYet
        return self._seen[0]

    async def change(self, after: int, *, within_s: float) -> bool:
        """Wait until there has been a change after the one numbered `after`; False when none came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.changes <= after and not self.ended:
                    await self._changed.wait()
        return self.changes > after

    async def shared(self, key: Hashable, make: Callable[[], Awaitable[Made]]) -> Made:
        """Make something once for all followers until the next change: the first who asks for `key` makes it."""
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = asyncio.ensure_future(make())
        # Shielded: a follower who leaves must not take it from the others.
        result: Made = await asyncio.shield(made)
        return result

    def end(self) -> None:
        """Look no more, and wake all followers for the last time."""
        self.ended = True
        self._task.cancel()
        self._changed.set()

    async def _run(self, look: Look[Seen], interval_s: float) -> None:
        last: Hashable = None
        while True:
            try:
                mark, seen = await look()
            except Exception as error:
                self._error = error
                self.end()
                return
            self._seen = [seen]
            if self.changes == 0 or mark != last:
                last = mark
                self._made = {}
                self.changes += 1
                self._wake()
            await asyncio.sleep(interval_s)

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Watches:
    """All that is watched now, by key."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._watched: dict[Hashable, Watch[Any]] = {}

    @property
    def watched(self) -> int:
        """How many things are looked at."""
        return len(self._watched)

    @contextlib.asynccontextmanager
    async def follow(self, key: Hashable, look: Look[Seen]) -> AsyncIterator[Watch[Seen]]:
        """Follow what `look` sees; the first follower starts the looking, the last one ends it."""
        watch = self._watched.get(key)
        if watch is None or watch.ended:
            watch = self._watched[key] = Watch(look, self._interval_s)
        watch.followers += 1
        try:
            await watch.change(0, within_s=FIRST_LOOK_S)
            yield watch
        finally:
            watch.followers -= 1
            if watch.followers == 0:
                watch.end()
            if watch.ended and self._watched.get(key) is watch:
                del self._watched[key]

    def close(self) -> None:
        """End all looking; every follower wakes and sees that it ended."""
        for watch in self._watched.values():
            watch.end()
