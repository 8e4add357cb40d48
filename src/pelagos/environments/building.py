"""Build one environment: a virtual environment at its final place, and what pip puts into it.

Nothing here is visible to anybody before a record names it, so every step may be cut off.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import errors
from pelagos.domain.steps import Progress, Step
from pelagos.environments import deepaas, groups, pip_output
from pelagos.environments.sources import Source, SourceKind, normalised

SITE = "venv/lib/python*/site-packages"
_OLDEST_PIP = (22, 3)
"""The first with `--python`; `--report` is older."""
_TELLS_BYTES = (24, 1)
"""The first with `--progress-bar raw`."""
_SPOILERS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "__PYVENV_LAUNCHER__", "PIP_TARGET", "PIP_PREFIX")


@dataclasses.dataclass(frozen=True)
class Built:
    """What an environment holds."""

    python: Path
    distribution: str
    version: str
    modules: tuple[tuple[str, str, str], ...]
    """(kind, name, entry) of every module of the distribution."""
    folder: Path | None
    """Where the module's files are when it was installed editable."""


def build(folder: Path, source: Source, *, extra: Sequence[str], timeout_s: float, progress: Progress) -> Built:
    """Make the environment in the new `folder` and install `source` and the requirements `extra` into it.

    Raises EnvironmentFailed with the reason pip gave; `folder` may then hold anything.
    """
    folder.mkdir(parents=True)
    progress(Step("Making a Python environment"))
    python = _make(folder)
    editable = _editable_folder(folder, source, timeout_s, progress)
    report = folder / "report.json"
    pip = _pip(python, timeout_s)
    wanted = ["--report", str(report), *_wanted(source, editable), *extra]
    _run_with_old_builders([*pip, *wanted], folder / "install.log", timeout_s, progress)
    distribution = _requested(report, extra)
    modules = _modules(distribution, source)
    if "deepaas" in {kind for kind, _, _ in modules}:
        more = deepaas.missing(distribution, next(folder.glob(SITE)))
        if more:
            progress(Step(f"Adding what DEEPaaS modules use without saying so: {', '.join(more)}"))
            _run([*pip, *more], folder / "install.log", timeout_s, progress)
        # The folder is one of the environments below `modules` in the state folder.
        names = [name for _, name, _ in modules]
        deepaas.write_scripts(python.parent, names, state=folder.parents[2], python=Path(sys.executable))
    return Built(python, distribution.name, distribution.version, modules, editable)


def _run_with_old_builders(command: Sequence[str], log: Path, timeout_s: float, progress: Progress) -> None:
    """Run pip; once more with an older setuptools when a setup.py wants pkg_resources, which newer ones lack."""
    try:
        _run(command, log, timeout_s, progress)
    except errors.EnvironmentFailed:
        if "No module named 'pkg_resources'" not in log.read_text(encoding="utf-8", errors="replace"):
            raise
        constraint = log.with_name("build-constraint.txt")
        constraint.write_text(f"{deepaas.BUILD_CONSTRAINT}\n", encoding="utf-8")
        progress(Step(f"Building it with {deepaas.BUILD_CONSTRAINT}"))
        # pip 25.3 named the option for builds; before, the general one counted for them too.
        variables = dict.fromkeys(("PIP_BUILD_CONSTRAINT", "PIP_CONSTRAINT"), str(constraint))
        _run(command, log, timeout_s, progress, variables)


def clean_environment() -> dict[str, str]:
    """Give our variables without those that would lead another interpreter to our packages."""
    kept = {name: value for name, value in os.environ.items() if name not in _SPOILERS}
    return {**kept, "PYTHONUNBUFFERED": "1", "PIP_USER": "0", "GIT_TERMINAL_PROMPT": "0"}


def _make(folder: Path) -> Path:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder / "venv")
    return folder / "venv" / "bin" / "python"


def _pip(python: Path, timeout_s: float) -> list[str]:
    """Find a pip and its usual options: our own works on any interpreter, else the one that Python carries."""
    version = _version_of("pip", sys.path)
    command = [sys.executable, "-m", "pip", "--python", str(python)]
    if version < _OLDEST_PIP:
        _bring_pip(python, timeout_s)
        version = _version_of("pip", [str(path) for path in python.parents[2].glob(SITE)])
        command = [str(python), "-m", "pip"]
    bar = "raw" if version >= _TELLS_BYTES else "off"
    return [*command, "install", "--disable-pip-version-check", "--no-input", "--progress-bar", bar]


def _bring_pip(python: Path, timeout_s: float) -> None:
    command = [str(python), "-m", "ensurepip"]
    found = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout_s, env=clean_environment(), check=False
    )
    if found.returncode != 0:
        raise errors.EnvironmentFailed(
            f"there is no usable pip: {pip_output.last_line(found.stderr)}",
            hint=f"Install one: {sys.executable} -m ensurepip, or apt install python3-pip python3-venv.",
        )


def _version_of(name: str, path: list[str]) -> tuple[int, ...]:
    """Give the version of an installed distribution; nothing when it is not there."""
    found = next(iter(importlib.metadata.distributions(name=name, path=path)), None)
    return () if found is None else tuple(int(part) for part in found.version.split(".")[:2] if part.isdigit())


def _editable_folder(folder: Path, source: Source, timeout_s: float, progress: Progress) -> Path | None:
    """Give the folder to install editable: modules read files beside their code, so a repository is cloned for it."""
    if source.kind is SourceKind.FOLDER:
        return source.path
    if source.kind is not SourceKind.GIT:
        return None
    clone = folder / "source"
    progress(Step(f"Cloning {source.location}"))
    shallow = [] if source.reference else ["--depth", "1"]
    log = folder / "install.log"
    _run(["git", "clone", "--progress", *shallow, "--", source.location, str(clone)], log, timeout_s, progress)
    if source.reference:
        _run(["git", "-C", str(clone), "checkout", source.reference, "--"], log, timeout_s, progress)
    return clone


def _wanted(source: Source, editable: Path | None) -> list[str]:
    if editable is not None:
        return ["--editable", f"{editable}{source.extras_text}"]
    if source.kind is SourceKind.INDEX:
        at = min((source.location.index(mark) for mark in "=<>!~" if mark in source.location), default=None)
        version = "" if at is None else source.location[at:]
        return [f"{source.location[:at]}{source.extras_text}{version}"]
    return [f"{source.location}{source.extras_text}"]


def _run(
    command: Sequence[str],
    log: Path,
    timeout_s: float,
    progress: Progress,
    variables: Mapping[str, str] | None = None,
) -> None:
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**clean_environment(), **(variables or {})},
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise errors.EnvironmentFailed(f"'{command[0]}' is not installed", hint=f"Install {command[0]}.") from error
    with process, log.open("a", encoding="utf-8") as kept, _ended(process, timeout_s) as late:
        lines = []
        for line in process.stdout or ():
            kept.write(line)
            lines.append(line)
            step = pip_output.step(line)
            if step is not None:
                progress(step)
        status = process.wait()
    if late.is_set():
        raise errors.EnvironmentFailed(f"the installation took longer than {timeout_s:g} s and was ended")
    if status != 0:
        raise errors.EnvironmentFailed(pip_output.reason(lines), hint=pip_output.hint(lines))


@contextlib.contextmanager
def _ended(process: subprocess.Popen[str], timeout_s: float) -> Iterator[threading.Event]:
    """End the process with all its children at the time limit, and whenever we leave before it is over."""
    late = threading.Event()

    def end() -> None:
        late.set()
        _kill(process)

    timer = threading.Timer(timeout_s, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _requested(report: Path, extra: Sequence[str]) -> importlib.metadata.Distribution:
    """Find the distribution that was asked for in pip's own report."""
    written: Mapping[str, list[Mapping[str, Any]]] = json.loads(report.read_text(encoding="utf-8"))
    requested = [item for item in written["install"] if item["requested"]]
    # What is asked for beside it is never editable, and may be a path, which does not tell its name.
    editable = [item for item in requested if item.get("download_info", {}).get("dir_info", {}).get("editable")]
    beside = {Path(requirement).absolute().as_uri() for requirement in extra if Path(requirement).exists()}
    found = [item for item in editable or requested if item.get("download_info", {}).get("url") not in beside]
    names = [item["metadata"]["name"] for item in found or requested]
    asked_beside = {normalised(pip_output.requirement_name(requirement)) for requirement in extra}
    # Releases of pip list what was requested in different orders.
    wanted = next((name for name in names if normalised(name) not in asked_beside), names[0])
    site = [str(path) for path in report.parent.glob(SITE)]
    return next(iter(importlib.metadata.distributions(name=wanted, path=site)))


def _modules(distribution: importlib.metadata.Distribution, source: Source) -> tuple[tuple[str, str, str], ...]:
    found: dict[str, tuple[str, str, str]] = {}
    for group, kind in groups.KINDS.items():
        for point in distribution.entry_points.select(group=group):
            # A module that is both for DEEPaaS and for us is taken as ours.
            found.setdefault(point.name, (kind, point.name, point.value))
    if not found:
        raise errors.EnvironmentFailed(
            f"'{distribution.name}' from {source} can be installed, but there is no module in it",
            hint=f'Its pyproject.toml has to say: [project.entry-points."{groups.NATIVE}"] '
            'my-module = "my_package:MyModule".',
        )
    return tuple(found[name] for name in sorted(found))
