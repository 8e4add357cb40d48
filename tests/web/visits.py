"""Visits to a hub's pages, as a browser without scripts makes them; the hub is in this process, without its loops."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

import hub_world
from pelagos import orchestrator
from pelagos.catalog import card, store

PATIENCE_S = 30.0


class Visitor:
    """Somebody who is logged in."""

    def __init__(self, runner: asyncio.Runner, world: hub_world.Here) -> None:
        self._runner = runner
        self._world = world

    @property
    def hub(self) -> orchestrator.Hub:
        """The rooms behind the pages."""
        return self._world.hub

    def get(self, path: str, *, script: bool = False) -> httpx.Response:
        """Open a page; with `script` as htmx asks for a part of it."""
        return self.ask("GET", path, headers={"HX-Request": "true"} if script else {})

    def post(self, path: str, **said: str) -> httpx.Response:
        """Send a form."""
        return self.ask("POST", path, data=said, headers={"Origin": hub_world.ORIGIN})

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send a request."""
        headers = {"Accept": "text/html", **sent.pop("headers", {})}

        async def asking() -> httpx.Response:
            async with asyncio.timeout(PATIENCE_S):
                return await self._world.client.request(method, path, headers=headers, **sent)

        return self._runner.run(asking())

    def put(self, name: str, **said: Any) -> None:
        """Put a card into the catalog."""
        made = card.Card.model_validate({"name": name, "title": name.title(), **said})
        self.hub.cards.put([store.Record(made, "tests", "c0ffee1234567", self.hub.clock.now())])


@contextlib.contextmanager
def visiting(state: Path, database_url: str, **settings: Any) -> Iterator[Visitor]:
    """Visit the hub of a state folder and a database."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        given = {"database": database_url, **settings}
        world = runner.run(stack.enter_async_context(hub_world.here(state, loops=False, **given)))
        try:
            yield Visitor(runner, world)
        finally:
            runner.run(stack.aclose())
