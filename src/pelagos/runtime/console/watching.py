"""Watch something that changes for as many followers as there are: one look every 0.3 s, however many follow.

Nobody following means nobody looking. A follower waits without a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from typing import Generic, TypeVar

INTERVAL_S = 0.3

Seen = TypeVar("Seen")
Look = Callable[[], Awaitable[tuple[Hashable, Seen]]]
"""Gives a mark, which differs when something has changed, and what was seen."""


class Watch(Generic[Seen]):
    """What is known about one watched thing; the newest look is kept."""

    def __init__(self) -> None:
        self.changes = 0
        """How often it has changed; a follower remembers which change it has seen."""
        self.ended = False
        """Whether no further look will come."""
        self._seen: Seen | None = None
        self._mark: Hashable = None
        self._error: BaseException | None = None
        self._changed = asyncio.Event()

    @property
    def seen(self) -> Seen:
        """What the newest look saw; raises what it raised."""
        if self._error is not None:
            raise self._error
        assert self._seen is not None
        return self._seen

    async def change(self, after: int, *, within_s: float) -> bool:
        """Wait until there has been a change after the one numbered `after`; False when none came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self.changes <= after and not self.ended:
                    await self._changed.wait()
        return self.changes > after

    async def run(self, look: Look[Seen], interval_s: float) -> None:
        """Look again and again, until a look raises; the error is the followers' then."""
        while True:
            try:
                mark, seen = await look()
            except Exception as error:
                self._error = error
                self.end()
                return
            if self.changes == 0 or mark != self._mark:
                self._mark, self._seen = mark, seen
                self.changes += 1
                self._wake()
            await asyncio.sleep(interval_s)

    def end(self) -> None:
        """Wake all followers for the last time."""
        self.ended = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Watches:
    """All that is watched now, by key."""

    def __init__(self, interval_s: float = INTERVAL_S) -> None:
        self._interval_s = interval_s
        self._watched: dict[Hashable, tuple[Watch[object], asyncio.Task[None]]] = {}
        self._followers: dict[Hashable, int] = {}

    @property
    def followers(self) -> int:
        """How many follow anything."""
        return sum(self._followers.values())

    @property
    def watched(self) -> int:
        """How many things are looked at."""
        return len(self._watched)

    @contextlib.asynccontextmanager
    async def follow(self, key: Hashable, look: Look[Seen]) -> AsyncIterator[Watch[Seen]]:
        """Follow what `look` sees; the first follower starts the looking, the last one ends it."""
        if key not in self._watched:
            watch: Watch[Seen] = Watch()
            self._watched[key] = (watch, asyncio.create_task(watch.run(look, self._interval_s)))  # type: ignore[assignment]
        mine = self._watched[key]
        self._followers[key] = self._followers.get(key, 0) + 1
        try:
            await mine[0].change(0, within_s=10)
            yield mine[0]  # type: ignore[misc]
        finally:
            self._leave(key)

    def close(self) -> None:
        """End all looking; every follower wakes and sees that it ended."""
        for watch, task in self._watched.values():
            task.cancel()
            watch.end()

    def _leave(self, key: Hashable) -> None:
        self._followers[key] -= 1
        if self._followers[key] == 0:
            del self._followers[key]
            _, task = self._watched.pop(key)
            task.cancel()
