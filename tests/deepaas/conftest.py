"""A real DEEPaaS and a Pelagos, both with the probe modules, for all tests of this folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from side_by_side import servers
from side_by_side.servers import Server


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder in which the probe modules are installed."""
    folder = tmp_path_factory.mktemp("state")
    servers.install(folder, servers.PROBE)
    return folder


@pytest.fixture(scope="session")
def deepaas(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """DEEPaaS itself."""
    with servers.reference(tmp_path_factory.mktemp("deepaas")) as server:
        yield server


@pytest.fixture(scope="session")
def pelagos(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[Server]:
    """Pelagos with the same modules."""
    with servers.pelagos(tmp_path_factory.mktemp("pelagos"), state) as server:
        yield server


@pytest.fixture
def deepaas_alone(tmp_path: Path) -> Callable[[str], AbstractContextManager[Server]]:
    """A DEEPaaS of one's own with one module, for questions that break it."""

    @contextlib.contextmanager
    def start(model: str) -> Iterator[Server]:
        with servers.reference(tmp_path / "alone", model=model) as server:
            yield server

    return start
