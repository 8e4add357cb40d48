"""Tell pages that a list has changed: one look a second for each kind of list, however many follow it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Hashable, Mapping

from starlette.responses import StreamingResponse

from pelagos.domain import errors
from pelagos.runtime.console import events, watching

INTERVAL_S = 1.0

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

    def stream(self, kinds: tuple[str, ...]) -> StreamingResponse:
        """Tell whenever one of the lists looks different; raises NotFound for a kind that nobody knows."""
        unknown = [kind for kind in kinds if kind not in self._looks]
        if unknown or not kinds:
            raise errors.NotFound(f"There is no list of {', '.join(unknown) or 'nothing'} to follow.")
        return StreamingResponse(self._changes(kinds), media_type=events.MEDIA_TYPE, headers=events.HEADERS)

    def end_with_server(self) -> None:
        """See to it that all streams end when the server stops; may be called with every request."""
        if self._stopping is not None and self._closer is None:
            self._closer = asyncio.create_task(self._close(self._stopping))

    async def _close(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self.watches.close()

    async def _changes(self, kinds: tuple[str, ...]) -> AsyncIterator[bytes]:
        self.end_with_server()
        async with contextlib.AsyncExitStack() as stack:
            watched = [await stack.enter_async_context(self._follow(kind)) for kind in kinds]
            seen = [watch.changes for watch in watched]
            yield events.KEEP_ALIVE
            while not any(watch.ended for watch in watched):
                if not await _any_change(watched, seen):
                    yield events.KEEP_ALIVE
                    continue
                seen = [watch.changes for watch in watched]
                yield events.event("changed", "1")

    def _follow(self, kind: str) -> contextlib.AbstractAsyncContextManager[watching.Watch[bool]]:
        async def look() -> tuple[Hashable, bool]:
            return await asyncio.to_thread(self._looks[kind]), True

        return self.watches.follow(kind, look)


async def _any_change(watched: list[watching.Watch[bool]], seen: list[int]) -> bool:
    """Wait for the first change of any of them; False when none came before a sign of life is due."""
    waits = [
        asyncio.create_task(watch.change(after, within_s=events.KEEP_ALIVE_S))
        for watch, after in zip(watched, seen, strict=True)
    ]
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        return any(task.result() for task in done)
    finally:
        for task in waits:
            task.cancel()
