"""Tell pages that a list has changed: one look a second for each kind of list, however many follow it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import urllib.parse
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence

from starlette.responses import StreamingResponse

from pelagos.domain import errors
from pelagos.runtime.console import events, watching

INTERVAL_S = 1.0
_CHANGED = events.event("changed", "1")

Look = Callable[[], Hashable]
"""Gives a mark that differs when the list has changed. Called in a thread; it may ask the database."""


class Live:
    """Who follows which lists. A page connects to `/live?of=runs&of=deployments` and gets the event `changed`."""

    def __init__(self, stopping: asyncio.Event | None = None, *, interval_s: float = INTERVAL_S) -> None:
        self._stopping = stopping
        self._closer: asyncio.Task[None] | None = None
        self._looks: dict[str, Look] = {}
        self.watches = watching.Watches(interval_s)

    @property
    def looks(self) -> Mapping[str, Look]:
        """The kinds of lists that can be followed."""
        return self._looks

    def add(self, kind: str, look: Look) -> None:
        """Let a kind of list be followed."""
        self._looks[kind] = look

    async def address(self, *kinds: str) -> str:
        """Give where to follow lists that are about to be read: what changes before the page connects is told too."""
        marks = [await asyncio.to_thread(self._looks[kind]) for kind in kinds]
        return "/live?" + urllib.parse.urlencode([*(("of", kind) for kind in kinds), ("seen", _short(marks))])

    def stream(self, kinds: tuple[str, ...], seen: str = "") -> StreamingResponse:
        """Tell whenever one of the lists looks different, also from what was `seen` when the page was drawn.

        Raises NotFound for a kind that nobody knows.
        """
        unknown = [kind for kind in kinds if kind not in self._looks]
        if unknown or not kinds:
            raise errors.NotFound(f"There is no list of {', '.join(unknown) or 'nothing'} to follow.")
        return StreamingResponse(self._changes(kinds, seen), media_type=events.MEDIA_TYPE, headers=events.HEADERS)

    def end_with_server(self) -> None:
        """See to it that all streams end when the server stops; may be called with every request."""
        if self._stopping is not None and self._closer is None:
            self._closer = asyncio.create_task(self._close(self._stopping))

    async def _close(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.watches.close()

    async def _changes(self, kinds: tuple[str, ...], seen: str) -> AsyncIterator[bytes]:
        self.end_with_server()
        async with contextlib.AsyncExitStack() as stack:
            watched = [await stack.enter_async_context(self._follow(kind)) for kind in kinds]
            told = [watch.changes for watch in watched]
            changed = seen not in ("", _short([watch.seen for watch in watched]))
            yield _CHANGED if changed else events.KEEP_ALIVE
            while not any(watch.ended for watch in watched):
                if not await _any_change(watched, told):
                    yield events.KEEP_ALIVE
                    continue
                told = [watch.changes for watch in watched]
                yield _CHANGED

    def _follow(self, kind: str) -> contextlib.AbstractAsyncContextManager[watching.Watch[Hashable]]:
        async def look() -> tuple[Hashable, Hashable]:
            mark = await asyncio.to_thread(self._looks[kind])
            return mark, mark

        return self.watches.follow(kind, look)


async def _any_change(watched: list[watching.Watch[Hashable]], told: list[int]) -> bool:
    """Wait for the first change of any of them; False when none came before a sign of life is due."""
    waits = [
        asyncio.create_task(watch.change(after, within_s=events.KEEP_ALIVE_S))
        for watch, after in zip(watched, told, strict=True)
    ]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return any(task.result() for task in done)
    finally:
        for task in waits:
            task.cancel()


def _short(marks: Sequence[Hashable]) -> str:
    return hashlib.blake2s(repr(marks).encode(), digest_size=8).hexdigest()
