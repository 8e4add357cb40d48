"""What the tests of several rooms share, once for the whole run: two modules, and a PostgreSQL server."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import databases
import pelagos.db
from engines import postgresql
from pelagos import environments

MODULES = Path(__file__).parent / "modules_for_tests"


def pytest_configure() -> None:
    """Hear Ctrl+C again: a run in the background of a shell ignores it, and so would all that the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def installed_modules(tmp_path_factory: pytest.TempPathFactory) -> environments.Environments:
    """Environments with the modules `trivial` and `counting`; read it, do not change it."""
    shared = _shared_folder(tmp_path_factory) / "installed_modules"
    found = environments.Environments(shared)
    shared.mkdir(exist_ok=True)
    with (shared / ".fixture").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("trivial", "counting"):
            found.install(str(MODULES / name))
    return found


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgresql.Server]:
    """A server for databases of one's own; leave it as it is."""
    with postgresql.shared(_shared_folder(tmp_path_factory)) as server:
        yield server


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database: SQLite, or what a test is parametrised by (see `databases`)."""
    with databases.fresh(request, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[pelagos.db.Database]:
    """An empty database."""
    made = pelagos.db.connect(database_url)
    yield made
    made.close()


def _shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    # The processes of one parallel run share the folder above their own.
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
