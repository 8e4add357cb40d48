"""Command lines run in this process, on a state folder of their own with the shared modules in it."""

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub_world import Process, link_modules, process
from pelagos import cli
from pelagos.environments import Environments


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Pelagos = Callable[..., Ran]


@pytest.fixture
def state(tmp_path: Path, installed_modules: Environments, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder with `trivial` and `counting`, set as the one to use."""
    folder = tmp_path / "state"
    folder.mkdir()
    installed = Path(installed_modules.find("trivial").environment or "").parents[1]
    (folder / "modules").symlink_to(installed)
    monkeypatch.setenv("PELAGOS_STATE_DIR", str(folder))
    monkeypatch.delenv("PELAGOS_DEBUG", raising=False)
    return folder


@pytest.fixture
def pelagos(state: Path, capfd: pytest.CaptureFixture[str]) -> Pelagos:
    """Run a command line: `pelagos("jobs", "list").out`."""

    def run(*words: str) -> Ran:
        capfd.readouterr()
        code = cli.main(words)
        return Ran(code, *capfd.readouterr())

    return run


@pytest.fixture(scope="session")
def running_hub(tmp_path_factory: pytest.TempPathFactory, installed_modules: Environments) -> Iterator[Process]:
    """A real hub that all tests of a run share; each names what it makes by itself."""
    state = link_modules(tmp_path_factory.mktemp("hub") / "state", installed_modules)
    with process(state, PELAGOS_HUB_PRIVATE_URLS="true") as hub:
        yield hub


@pytest.fixture
def hub_command(running_hub: Process, capfd: pytest.CaptureFixture[str]) -> Pelagos:
    """Run a command line that asks the running hub."""

    def run(*words: str) -> Ran:
        capfd.readouterr()
        code = cli.main([*words, "--state-dir", str(running_hub.state)])
        return Ran(code, *capfd.readouterr())

    return run
