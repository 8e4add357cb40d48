"""A hub in this process with the shared modules, and a way to run the asynchronous bodies of tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import databases
import hub_world
from pelagos.environments import Environments

pytest_generate_tests = databases.on_both
Body = Callable[[hub_world.Here], Awaitable[None]]


@pytest.fixture
def state(tmp_path: Path, installed_modules: Environments) -> Path:
    return hub_world.link_modules(tmp_path / "state", installed_modules)


@pytest.fixture
def at_hub(state: Path, database_url: str) -> Callable[..., None]:
    """Run the body of a test with a hub; what is given beside it are settings."""

    def run(body: Body, *, loops: bool = False, **settings: object) -> None:
        async def limited() -> None:
            given = {"database": database_url, **settings}
            async with asyncio.timeout(60), hub_world.here(state, loops=loops, **given) as world:
                await body(world)

        asyncio.run(limited())

    return run
