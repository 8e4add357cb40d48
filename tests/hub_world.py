"""Hubs for tests: put together in this process, or started as people start them and killed as nobody should.

`here` gives a hub without a network: fast, for routes and pages. `Process` is a real `pelagos up` with an address.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
from starlette.applications import Starlette

from pelagos import api, app, config, environments, identity, orchestrator, web
from pelagos.api import errors as api_errors
from pelagos.api import receiving
from pelagos.domain import errors
from pelagos.identity import credentials

START_S = 60.0
END_S = 30.0
ORIGIN = "http://127.0.0.1:8800"


def link_modules(state: Path, installed: environments.Environments, database_url: str | None = None) -> Path:
    """Let a state folder have the shared modules `trivial` and `counting`, at no cost; they are only to be read.

    With the address of a database its file of settings names that.
    """
    state.mkdir(exist_ok=True)
    if database_url is not None:
        (state / "pelagos.toml").write_text(f'database = "{database_url}"\n')
    (state / "modules").symlink_to(installed.root)
    return state


def settings(state: Path, **flags: Any) -> config.Read:
    """Read the settings of a state folder; flags are by whole name with `__` for the dot."""
    given = {name.replace("__", "."): value for name, value in flags.items()}
    return config.read(environ={"HOME": str(state)}, flags={"state_dir": state, **given})


@dataclasses.dataclass(frozen=True)
class Here:
    """A hub in this process, with a client that is logged in as in a browser, and one as nobody."""

    wired: app.Wired
    client: httpx.AsyncClient
    nobody: httpx.AsyncClient

    @property
    def hub(self) -> orchestrator.Hub:
        """The rooms of the hub."""
        return self.wired.hub


@contextlib.asynccontextmanager
async def here(state: Path, *, loops: bool = True, **flags: Any) -> AsyncIterator[Here]:
    """Put a hub together on a state folder; without `loops` nothing moves by itself."""
    wired = app.create(settings(state, **flags), address=ORIGIN)
    cookie = {credentials.COOKIE: wired.hub.people.redeem(wired.hub.people.new_login_key())}
    transport = httpx.ASGITransport(wired.application, raise_app_exceptions=False)
    async with contextlib.AsyncExitStack() as stack:
        if loops:
            await stack.enter_async_context(wired.running())
        else:
            stack.push_async_callback(wired.close)
        told: dict[str, Any] = {"transport": transport, "base_url": ORIGIN, "timeout": 60}
        client = await stack.enter_async_context(httpx.AsyncClient(**told, cookies=cookie))
        nobody = await stack.enter_async_context(httpx.AsyncClient(**told))
        yield Here(wired, client, nobody)


class _Known:
    """Knows one person, by any token."""

    def __init__(self, *roles: identity.Role) -> None:
        self._person = identity.Person("somebody", frozenset(roles), "token")

    def redeem(self, key: str, agent: str = "") -> str:
        """Never."""
        raise errors.Unauthenticated

    def by_session(self, session: str) -> identity.Person | None:
        """Nobody."""
        return None

    def by_token(self, token: str) -> identity.Person | None:
        """The person."""
        return self._person

    def end(self, session: str) -> None:
        """Nothing to end."""


def somebody(world: Here, *roles: identity.Role) -> httpx.AsyncClient:
    """Give a client of somebody who has only these roles at a hub."""
    wired = world.wired
    place = receiving.Place(wired.uploads.path, 1 << 20)
    routes = [
        *api.routes(wired.hub, proxy=wired.proxy, watches=wired.watches, place=place),
        *web.routes(wired.hub, uploads=wired.uploads.path),
    ]
    told = Starlette(routes=routes, exception_handlers={errors.PelagosError: api_errors.answer})
    guarded = identity.Guard(told, _Known(*roles), hosts=("127.0.0.1",))
    transport = httpx.ASGITransport(guarded, raise_app_exceptions=False)
    return httpx.AsyncClient(
        transport=transport, base_url=ORIGIN, timeout=60, headers={"Authorization": "Bearer somebody"}
    )


class Process:
    """A hub as a process of its own, by `pelagos up`; leave it with `end` or `kill`."""

    def __init__(self, state: Path, *, port: int = 0, **variables: str) -> None:
        self.state = state
        self._log_path = state.parent / f"{state.name}-hub.log"
        (state / "hub.json").unlink(missing_ok=True)
        with self._log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pelagos.cli", "--state-dir", str(state), "up", "--listen-port", str(port)],
                stdout=log,
                stderr=log,
                env={**os.environ, **variables},
            )
        self.address = self._address()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])

    @property
    def token(self) -> str:
        """What programs show to it."""
        return (self.state / "hub.token").read_text().strip()

    @property
    def log(self) -> str:
        """What it printed."""
        return self._log_path.read_text()

    def login(self) -> str:
        """Give a link that logs a browser in, as `pelagos login` prints it."""
        command = [sys.executable, "-m", "pelagos.cli", "--state-dir", str(self.state), "login"]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=START_S).stdout.strip()

    def client(self) -> httpx.Client:
        """Give a client with the token."""
        return httpx.Client(base_url=self.address, headers={"Authorization": f"Bearer {self.token}"}, timeout=60)

    def end(self) -> int:
        """Ask it to end, and give its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        return self.process.wait(END_S)

    def _address(self) -> str:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError, ValueError):
                address: str = json.loads((self.state / "hub.json").read_text())["address"]
                return address
            threading.Event().wait(0.02)
        raise AssertionError(f"the hub did not start: {self.log}")


@contextlib.contextmanager
def process(state: Path, **given: Any) -> Iterator[Process]:
    """Run a hub for as long as the block lasts."""
    started, code = Process(state, **given), 0
    try:
        yield started
    finally:
        if started.process.poll() is None:
            code = started.end()
    assert code == 0, started.log
