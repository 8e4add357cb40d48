"""A module that lives in a container image: find the image and the Python in it, and make an interpreter of them.

Which text is an image: `docker://NAME` and `podman://NAME` say so; a name with a tag or a digest (`name:tag`,
`registry/name@sha256:...`) that is no path here can be nothing else. Where the engine is not named the first that has
the image runs it, Docker before Podman; if none has it, the first that is installed fetches it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import errors
from pelagos.domain.steps import Progress, Step
from pelagos.environments import groups, image_python, pip_output, records
from pelagos.environments.building import Built
from pelagos.environments.sources import Source, normalised

ENGINES = ("docker", "podman")
OLDEST_PYTHON = (3, 8)
_ASK_TIMEOUT_S = 30.0
_PLACES = (
    "python3",
    "python",
    "/usr/local/bin/python3",
    "/opt/conda/bin/python",
    "/opt/venv/bin/python",
    "/usr/bin/python3",
)
_SERVES = (
    "An image that serves by itself (deepaas-run) can be started and used at its address: pelagos run http://HOST:PORT"
)
# Runs under whatever Python an image has, so its syntax is that of all of them. The folder of models is that of the
# repository in which the module's code lies, as its `models/` is where published modules write what they trained.
_PROBE = """
import json, os, sys

def models(value):
    from importlib import util
    try:
        code = os.path.realpath(util.find_spec(value.split(":")[0].split(".")[0]).origin)
    except Exception:
        code = "/site-packages/"
    root = os.path.dirname(os.path.dirname(code) if os.path.basename(code) == "__init__.py" else code)
    root = os.path.dirname(root) if os.path.basename(root) == "src" else root
    roots = [os.getcwd()] if "-packages/" in code else [root, os.getcwd()]
    said = os.environ.get("MODELS_PATH")
    places = [os.path.realpath(each) for each in ([said] if said else [os.path.join(each, "models") for each in roots])]
    place = next((each for each in places if os.path.isdir(each)), places[0])
    return {"target": place, "there": os.path.isdir(place)}

found = []
try:
    import importlib.metadata as metadata
    for each in metadata.distributions():
        for point in each.entry_points:
            if point.group in sys.argv[1:]:
                said = [point.group, point.name, point.value, each.metadata["Name"], each.version]
                found.append(said + [models(point.value)])
except ImportError:
    pass
path = os.environ.get("PYTHONPATH", "")
print(json.dumps({"python": sys.executable, "version": list(sys.version_info[:2]), "path": path, "modules": found}))
"""


@dataclasses.dataclass(frozen=True)
class Containers:
    """How containers of images are run."""

    max_memory_mb: int = 0
    """Most memory of one container; 0 is no limit."""
    max_cpus: float = 0.0
    """Most processor cores of one container; 0 is no limit."""
    network: str = "none"
    """The engine's network that the module's code may use."""
    engine_options: str = ""
    """More words for the engine's `run`, such as `--gpus all` or `--volume /data:/data:ro`."""
    shares: tuple[Path, ...] = ()
    """Folders that workers may read at their own paths: trained models, uploads."""


def build(folder: Path, source: Source, *, extra: Sequence[str], timeout_s: float, progress: Progress) -> Built:
    """Fetch the image if it is not here, look for its modules, and make their interpreter in the new `folder`.

    Raises EnvironmentFailed with what the engine said, and when no Python of the image has a module.
    """
    if extra:
        raise errors.InvalidInput({"--with": ["is for environments that Pelagos builds; an image stays as it is"]})
    engine, name = _engine(source), _reference(source)
    if _identity(engine, name) is None:
        progress(Step(f"Fetching the image {name}"))
        _fetch(engine, name, timeout_s)
    identity = _identity(engine, name)
    progress(Step(f"Looking for modules in the image {name}"))
    found = _probed(engine, name, timeout_s)
    folder.mkdir(parents=True)
    facts = {
        "engine": [shutil.which(engine) or engine],
        "id": identity,
        "python": found["python"],
        "pythonpath": found["path"],
        "rootless": _rootless(engine),
        "environment": str(folder),
        "models": {each[1]: each[5] for each in found["modules"] if groups.KINDS[each[0]] == "deepaas"},
    }
    (folder / records.IMAGE_FILE).write_text(json.dumps(facts), encoding="utf-8")
    _, _, _, distribution, version, _ = found["modules"][0]
    points = sorted(found["modules"], key=lambda each: list(groups.KINDS).index(each[0]), reverse=True)
    modules = {point: (groups.KINDS[group], point, value) for group, point, value, *_ in points}
    return Built(
        interpreter(folder, Containers()), distribution, version, tuple(modules[each] for each in sorted(modules)), None
    )


def identity(source: Source) -> str | None:
    """Give the id of the image that a source names now; None when it is not on this machine."""
    return _identity(_engine(source), _reference(source))


def image(environment: Path, chosen: Containers) -> dict[str, Any]:
    """Give the facts of an environment's image, and how it is run."""
    facts = json.loads((environment / records.IMAGE_FILE).read_bytes())
    return {**facts, **dataclasses.asdict(chosen), "shares": [str(path) for path in chosen.shares]}


def interpreter(environment: Path, chosen: Containers, *, into: Path | None = None) -> Path:
    """Give the program that stands for the image's Python, run as `chosen`; it is written when it is not there.

    It lies in the environment, or in the folder `into`.
    """
    words = [sys.executable, "-I", "-S", image_python.__file__, json.dumps(image(environment, chosen))]
    text = f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n'
    program = (into or environment) / f"python-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not program.exists():
        temporary = program.with_name(f".{program.name}-{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.chmod(0o755)
        temporary.replace(program)
    return program


def asked(words: Sequence[str], timeout_s: float) -> str:
    """Run the engine and give what it says; raises EnvironmentFailed with its reason."""
    try:
        said = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise errors.EnvironmentFailed(f"{words[0]} did not answer within {timeout_s:g} s") from error
    if said.returncode != 0:
        hint = f"Is its service running, and may you use it? Try: {words[0]} info"
        raise errors.EnvironmentFailed(f"{words[0]}: {pip_output.last_line(said.stderr)}", hint=hint)
    return said.stdout


def _fetch(engine: str, name: str, timeout_s: float) -> None:
    try:
        asked([engine, "pull", name], timeout_s)
    except errors.EnvironmentFailed as error:
        hint = f"It is not on this machine either: {engine} images"
        raise errors.EnvironmentFailed(f"the image '{name}' cannot be fetched: {error.message}", hint=hint) from error


def _reference(source: Source) -> str:
    return re.sub(r"^(docker|podman)://", "", source.location)


def _engine(source: Source) -> str:
    said = source.location.partition("://")[0] if "://" in source.location else ""
    there = [each for each in ENGINES if shutil.which(each) and said in ("", each)]
    if not there:
        raise errors.EnvironmentFailed(
            f"an image needs {said or 'Docker or Podman'}, which is not installed",
            hint="Install it: apt install docker.io, or apt install podman.",
        )
    name = _reference(source)
    return next((each for each in there if len(there) > 1 and _identity(each, name)), there[0])


def _identity(engine: str, name: str) -> str | None:
    try:
        return asked([engine, "image", "inspect", "--format", "{{.Id}}", name], _ASK_TIMEOUT_S).strip()
    except errors.EnvironmentFailed as error:
        if re.search("no such image|not known|unable to find|not found", error.message.lower()):
            return None
        raise


def _rootless(engine: str) -> bool:
    if engine == "podman":
        return os.getuid() != 0
    return "rootless" in asked([engine, "info", "--format", "{{.SecurityOptions}}"], _ASK_TIMEOUT_S)


def _probed(engine: str, name: str, timeout_s: float) -> Mapping[str, Any]:
    """Ask every Python of the image which modules it has; gives the first that has some."""
    words = [engine, "run", "--rm", "--network", "none", "--cap-drop", "ALL", "--entrypoint", "/bin/sh", name, "-c"]
    script = f'for each in {" ".join(_PLACES)}; do command -v "$each" >/dev/null && "$each" -c "$@"; done; true'
    said = asked([*words, script, "sh", _PROBE, *groups.KINDS], timeout_s)
    found = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    usable = [each for each in found if tuple(each["version"]) >= OLDEST_PYTHON]
    if not usable:
        seen = f"its Python is {'.'.join(map(str, found[0]['version']))}" if found else "there is no Python in it"
        raise errors.EnvironmentFailed(
            f"the image '{name}' cannot be used: {seen}; expected Python 3.8 or newer", hint=_SERVES
        )
    chosen = next((each for each in usable if each["modules"]), None)
    if chosen is None:
        raise errors.EnvironmentFailed(
            f"there is no module in the image '{name}'",
            hint=f"Its Python should have an entry point of {' or '.join(groups.KINDS)}. {_SERVES}",
        )
    return {
        **chosen,
        "modules": [each for each in chosen["modules"] if normalised(each[3]) == normalised(chosen["modules"][0][3])],
    }
