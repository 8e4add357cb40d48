"""Each test of this room has a world of its own, and leaves no process behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator import world as worlds
from pelagos import environments

Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def world(tmp_path: Path, installed_modules: environments.Environments, database_url: str) -> Iterator[worlds.World]:
    """A state folder with nothing in it but modules."""
    made = worlds.World(tmp_path / "state", installed_modules, database_url)
    yield made
    made.close()


@pytest.fixture
def start_hub(world: worlds.World) -> Iterator[Start]:
    """Start a process that is a hub on the same state."""
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        told = [str(world.state), str(world.modules.root), world.database_url]
        command = [sys.executable, "-m", "orchestrator.world", *told]
        hub = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
        )
        started.append(hub)
        assert hub.stdout is not None
        hub.stdout.readline()
        return hub

    yield begin
    for process in started:
        process.kill()
        process.communicate()
