"""A small world for the runtime: modules written for its tests, their workers, and a client without a network."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pelagos import environments, jobs
from pelagos.environments import authors
from pelagos.runtime import app, pool, server, service

FAST = pool.PoolSettings(workers=1)
Make = Callable[..., environments.ModuleCode]


@pytest.fixture(scope="session")
def author_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `pelagos.module` and the modules of these tests."""
    folder = authors.make(tmp_path_factory.mktemp("author"))
    for name in ("odd.py", "old.py"):
        shutil.copy(Path(__file__).parent / name, folder)
    return folder


@pytest.fixture
def code(author_path: Path) -> Make:
    """Make the code of a module by the name of its class; `old` is one written for DEEPaaS."""

    def made(name: str, **changes: Any) -> environments.ModuleCode:
        if name == "old":
            return environments.ModuleCode(name, "deepaas", name, Path(sys.executable), author_path, **changes)
        return environments.ModuleCode(
            name.lower(), "native", f"odd:{name}", Path(sys.executable), author_path, **changes
        )

    return made


@contextlib.asynccontextmanager
async def client_of(
    *modules: environments.ModuleCode, jobs_: jobs.Jobs | None = None, **settings: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, service.Service]]:
    """Serve modules to a client in this process; what workers print is thrown away."""
    chosen = service.RuntimeSettings(**{"workers": 1, **settings})
    offered = [server.Offered(module) for module in modules]
    async with server.running(chosen, offered, jobs_, on_log=lambda _: None) as made:
        transport = httpx.ASGITransport(app.create(made))
        async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client:
            yield client, made


async def until(holds: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait until something holds; fails after a deadline."""
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


def run(body: Callable[[], Awaitable[None]]) -> None:
    """Run the asynchronous body of a test, at most 60 s."""

    async def limited() -> None:
        async with asyncio.timeout(60):
            await body()

    asyncio.run(limited())
