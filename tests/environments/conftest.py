"""Projects to install: whole in one folder, built without any network."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments import tiny_backend
from pelagos.environments import Environments

CODE = '''
from pelagos.module import Module

class Tiny(Module):
    """Answers with one number."""

    def predict(self) -> int:
        return 1
'''
MakeProject = Callable[..., Path]


@pytest.fixture
def known(tmp_path: Path) -> Environments:
    """Environments with nothing in them."""
    return Environments(tmp_path / "state" / "modules")


@pytest.fixture
def project(tmp_path: Path) -> MakeProject:
    """Write a project: `project("tiny", version="2", code=..., modules={name: entry}, extras={extra: [needs]})`."""

    def write(
        name: str = "tiny",
        *,
        version: str = "1.0",
        code: str = CODE,
        modules: dict[str, str] | None = None,
        extras: dict[str, list[str]] | None = None,
    ) -> Path:
        folder = tmp_path / "projects" / name
        package = f"{name.replace('-', '_')}_code"
        (folder / package).mkdir(parents=True, exist_ok=True)
        (folder / package / "__init__.py").write_text(code)
        shutil.copy(Path(tiny_backend.__file__), folder / "tiny_backend.py")
        entries = {name: f"{package}:Tiny"} if modules is None else modules
        (folder / "pyproject.toml").write_text(pyproject(name, version, entries, extras or {}))
        return folder

    return write


@pytest.fixture
def wheel(tmp_path: Path, project: MakeProject) -> MakeProject:
    """Write a project as `project` does and give its wheel."""

    def build(name: str = "tiny", **facts: Any) -> Path:
        target = tmp_path / "wheels"
        target.mkdir(exist_ok=True)
        return target / tiny_backend.write_wheel(project(name, **facts), target, editable=False)

    return build


def pyproject(name: str, version: str, modules: dict[str, str], extras: dict[str, list[str]]) -> str:
    lines = [
        '[build-system]\nrequires = []\nbuild-backend = "tiny_backend"\nbackend-path = ["."]',
        f'[project]\nname = "{name}"\nversion = "{version}"',
        "[project.optional-dependencies]",
        *(f"{extra} = {json.dumps(needs)}" for extra, needs in extras.items()),
        '[project.entry-points."pelagos.modules"]',
        *(f'"{module}" = "{entry}"' for module, entry in modules.items()),
    ]
    return "\n".join(lines) + "\n"
