"""Each test of this room has a world of its own, and leaves no process behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jobs import world as worlds

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[worlds.World]:
    """A state folder with nothing in it."""
    made = worlds.World(tmp_path / "state", database_url)
    yield made
    made.close()


@pytest.fixture
def start(world: worlds.World) -> Iterator[Start]:
    """Start a process that acts on the same state."""
    started: list[subprocess.Popen[str]] = []

    def begin(*act: str) -> subprocess.Popen[str]:
        command = [sys.executable, str(Path(worlds.__file__)), str(world.state), world.database_url, *act]
        surroundings = {**os.environ, "PYTHONPATH": str(Path(worlds.__file__).parents[1])}
        started.append(
            subprocess.Popen(command, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()
