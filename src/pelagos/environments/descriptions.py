"""Ask a module's own interpreter for its description, and remember the answer while its code stays the same."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import errors
from pelagos.environments import building, pip_output
from pelagos.environments.records import Installed

LINES_SHOWN = 12


def ask(installed: Installed, *, path: Path, timeout_s: float) -> dict[str, Any]:
    """Import the module in a child process; gives `{"description", "files"}`.

    Raises ModuleFailed with the last lines when its import fails, Timeout when it takes longer than `timeout_s`.
    """
    with tempfile.TemporaryDirectory(prefix="pelagos-describe-") as folder:
        output = Path(folder) / "description.json"
        words = [installed.name, installed.kind, installed.entry, str(output)]
        child = _run(installed, ["-m", "pelagos.module.describing", *words], path, timeout_s)
        if child.returncode != 0 or not output.exists():
            raise _failure(installed, child)
        made: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    made["description"] = with_card(made["description"])
    return made


def recall(cache: Path, stamp: str) -> dict[str, Any] | None:
    """Give the remembered description if nothing it was made from has changed since."""
    try:
        kept = json.loads(cache.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if kept["stamp"] != stamp or kept["files"] != _states(kept["files"]):
        return None
    description: dict[str, Any] = kept["description"]
    return description


def remember(cache: Path, stamp: str, made: Mapping[str, Any]) -> None:
    """Keep a description; the last of several writers wins."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=cache.parent, prefix=".description-")
    kept = {"stamp": stamp, "files": _states(made["files"]), "description": made["description"]}
    with os.fdopen(descriptor, "w", encoding="utf-8") as target:
        json.dump(kept, target)
    Path(temporary).replace(cache)


def with_card(description: dict[str, Any]) -> dict[str, Any]:
    """Merge the card (`module.toml`) into the metadata; the card's words win over the distribution's.

    Raises ModuleFailed when the card is no TOML.
    """
    if not description.get("card"):
        return description
    try:
        card = tomllib.loads(description["card"])
    except tomllib.TOMLDecodeError as error:
        raise errors.ModuleFailed(f"module.toml of '{description['name']}' is not valid TOML: {error}") from error
    # Dates and times in TOML have no JSON form of their own.
    plain = json.loads(json.dumps(card, default=str))
    return {**description, "metadata": {**description.get("metadata", {}), **plain}}


def _states(files: Sequence[str] | Mapping[str, Any]) -> dict[str, list[int] | None]:
    return {path: _state(Path(path)) for path in files}


def _state(path: Path) -> list[int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _run(installed: Installed, words: Sequence[str], path: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    variables = {**building.clean_environment(), "PYTHONPATH": str(path), "PELAGOS_THREADS": "1"}
    try:
        return subprocess.run(
            [str(installed.python), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=installed.folder or installed.environment,
            env=variables,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise errors.Timeout(
            f"importing the module '{installed.name}' took longer than {timeout_s:g} s",
            hint="Its package should import quickly; move heavy work to load() or train().",
        ) from error


def _failure(installed: Installed, child: subprocess.CompletedProcess[str]) -> errors.ModuleFailed:
    lines = child.stdout.rstrip().splitlines()[-LINES_SHOWN:]
    last = pip_output.last_line(child.stdout)
    hint = "The end of what it printed:\n" + "\n".join(f"  {line}" for line in lines)
    if last.startswith("ModuleNotFoundError"):
        hint += "\nIf that is a dependency, declare it in the module's pyproject.toml, then: pelagos install SOURCE"
    message = f"the module '{installed.name}' cannot be imported: {last}"
    return errors.ModuleFailed(message, traceback=child.stdout, hint=hint)
