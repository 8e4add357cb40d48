"""What the tests of several rooms share: two modules, installed once for the whole run."""

from __future__ import annotations

import fcntl
import os
import signal
from pathlib import Path

import pytest

from pelagos import environments

MODULES = Path(__file__).parent / "modules_for_tests"


def pytest_configure() -> None:
    """Hear Ctrl+C again: a run in the background of a shell ignores it, and so would all that the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def installed_modules(tmp_path_factory: pytest.TempPathFactory) -> environments.Environments:
    """Environments with the modules `trivial` and `counting`; read it, do not change it."""
    base = tmp_path_factory.getbasetemp()
    # The processes of one parallel run share the folder above their own.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "installed_modules"
    found = environments.Environments(shared)
    shared.mkdir(exist_ok=True)
    with (shared / ".fixture").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in ("trivial", "counting"):
            found.install(str(MODULES / name))
    return found
