"""Modules that another server has: its own V2 routes say which. Nothing is installed but their addresses."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.parse
from collections.abc import Collection, Sequence
from pathlib import Path

from pelagos.domain import errors
from pelagos.domain.steps import Progress, Step
from pelagos.environments import pip_output
from pelagos.environments.building import Built
from pelagos.environments.sources import Source

KIND = "remote"
ASK_TIMEOUT_S = 60.0
_Modules = Sequence[tuple[str, str, str]]


def build(folder: Path, source: Source, *, extra: Sequence[str], timeout_s: float, progress: Progress) -> Built:
    """Ask the server for its modules; their workers run in our own Python and pass requests on.

    Raises EnvironmentFailed when it does not answer as a V2 server does.
    """
    if extra:
        raise errors.InvalidInput({"--with": ["is for environments that Pelagos builds; a server stays as it is"]})
    progress(Step(f"Asking {source.location} for its modules"))
    names = _names(source.location, min(timeout_s, ASK_TIMEOUT_S))
    if not names:
        raise errors.EnvironmentFailed(f"the server at {source.location} has no module")
    folder.mkdir(parents=True)
    addresses = {name: f"{source.location}/v2/models/{urllib.parse.quote(name)}" for name in sorted(names)}
    modules = tuple((KIND, name, address) for name, address in addresses.items())
    return Built(Path(sys.executable), source.location, "", modules, None)


def renamed(modules: _Modules, taken: Collection[str], source: Source) -> tuple[tuple[str, str, str], ...]:
    """Give modules whose names are taken by others the name of their server too: `name-at-host-5000`."""
    host = re.sub(r"[^A-Za-z0-9.]+", "-", source.location.partition("://")[2]).strip("-")
    return tuple((kind, f"{name}-at-{host}" if name in taken else name, entry) for kind, name, entry in modules)


def _names(root: str, timeout_s: float) -> list[str]:
    # Asked by a process of its own: what speaks HTTP is large, and most commands have no use for it.
    command = [sys.executable, "-m", "pelagos.module.remote_server", root]
    said = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    if said.returncode != 0:
        hint = f"Is it running, and may this machine reach it? Try: curl {root}/v2/models/"
        raise errors.EnvironmentFailed(
            pip_output.last_line(said.stderr).partition("Gone: ")[2] or said.stderr, hint=hint
        )
    names: list[str] = json.loads(said.stdout)
    return names
