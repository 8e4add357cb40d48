"""An image of this machine's Python with two modules and Pelagos, as `docker save` writes images; nothing is fetched.

All engines load it. It is run as the Dockerfile says that `pelagos new` writes, and has the programs that are there.
"""

from __future__ import annotations

import atexit
import datetime
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging import requirements, utils

from pelagos.catalog import scaffold

NAME = "pelagos-test/modules:1"
MODULE = "counting"
"""What the image serves by itself."""
MODULES = Path(__file__).parents[1] / "modules_for_tests"
_SOURCE = Path(__file__).parents[2] / "src"
_SITE = "srv/venv/lib/python{}.{}/site-packages".format(*sys.version_info)
"""Pelagos lies apart from the modules: the workers of another one must do without it."""
_SHELL = Path("/bin/sh")
_PROGRAMS = {"pelagos": "pelagos.cli", "deepaas-run": "pelagos.cli.deepaas_run"}
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_LEFT_OUT = {
    "test",
    "tests",
    "idlelib",
    "site-packages",
    "dist-packages",
    "ensurepip",
    "lib2to3",
    "__pycache__",
    "tkinter",
}


@functools.cache
def archive() -> Path:
    """Write the archive, 155 MB, once in a process; gives its path."""
    folder = tempfile.mkdtemp(prefix="image-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return _written(Path(folder) / "image.tar")


def _written(target: Path) -> Path:
    layer = _layer()
    digest = hashlib.sha256(layer).hexdigest()
    about = {"architecture": _ARCHITECTURES[os.uname().machine], "os": "linux", "config": _settings()}
    about |= {"rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}
    name, tag = NAME.split(":")
    with tarfile.open(target, "w") as tar:
        _add(tar, f"{digest}.json", json.dumps(about))
        manifest = {
            "Config": f"{digest}.json",
            "RepoTags": [NAME],
            "Layers": [f"{digest}/layer.tar"],
        }
        _add(tar, "manifest.json", json.dumps([manifest]))
        _add(tar, f"{digest}/layer.tar", layer)
        # The rest is of an older form of these archives, the one that udocker reads.
        _add(tar, f"{digest}/VERSION", "1.0")
        _add(tar, f"{digest}/json", json.dumps({"id": digest, **about}))
        _add(tar, "repositories", json.dumps({name: {tag: digest}}))
    return target


def _settings() -> dict[str, Any]:
    """Take over what the Dockerfile of a new module says about running its image."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / MODULE
        scaffold.create(made, MODULE, today=datetime.date(2026, 1, 1))
        said = (made / "Dockerfile").read_text()
    (command,) = re.findall(r"^CMD (.*)", said, re.MULTILINE)
    variables = [each for line in re.findall(r"^ENV (.*)", said, re.MULTILINE) for each in line.split()]
    variables += ["PATH=/usr/local/bin:/usr/bin:/bin", "PYTHONPATH=/srv/modules"]
    return {"Cmd": json.loads(command), "Env": variables, "WorkingDir": "/srv"}


def _layer() -> bytes:
    data = io.BytesIO()
    apart = [*_below("srv/modules", _modules()), *_below(_SITE, _pelagos())]
    with tarfile.open(fileobj=data, mode="w", dereference=True) as tar:
        for path in sorted(_python([path for _, path in apart if path.suffix == ".so"])):
            tar.add(path, recursive=False)
        for name, path in apart:
            tar.add(path, name, recursive=False)
        for name in ("tmp", "state", "srv", "srv/modules"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(folder)
        python = os.path.realpath(sys.executable)
        for name in ("usr/local/bin/python3", "srv/venv/bin/python3"):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, python
            tar.addfile(link)
        _add(tar, "srv/venv/pyvenv.cfg", f"home = {Path(python).parent}\n")
        _add(tar, f"{_SITE}/modules.pth", "/srv/modules\n")
        for name, module in _PROGRAMS.items():
            _add(tar, f"usr/local/bin/{name}", f'#!/bin/sh\nexec /srv/venv/bin/python3 -m {module} "$@"\n', mode=0o755)
        # udocker asks for them.
        _add(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        _add(tar, "srv/modules/models/pretrained/labels.txt", "oak beech pine\n")
        _add(tar, "etc/group", "root:x:0:\n")
    return data.getvalue()


def _python(extensions: list[Path]) -> set[Path]:
    """List the files of this machine's Python: the program, its standard library, and what they are linked with."""
    found = set(_library())
    binaries = {Path(os.path.realpath(sys.executable)), _SHELL, *(path for path in found if path.suffix == ".so")}
    linked = subprocess.run(
        ["ldd", *map(str, [*binaries, *extensions])], capture_output=True, text=True, timeout=60, check=False
    ).stdout
    return found | binaries | {Path(name) for name in re.findall(r"(?:=> |^\s+)(/\S+)", linked, re.MULTILINE)}


def _library() -> Iterator[Path]:
    for folder, inside, names in os.walk(sysconfig.get_path("stdlib")):
        inside[:] = set(inside) - _LEFT_OUT
        yield from (Path(folder, name) for name in names if not name.endswith(".a"))


def _modules() -> Iterator[tuple[str, Path]]:
    """Give a native module, one for DEEPaaS, and what that one needs."""
    for name, package in ((MODULE, "pelagos_counting"), ("in_image", "leaves")):
        folder = MODULES / name / "src"
        yield from ((str(path.relative_to(folder)), path) for path in (folder / package).rglob("*.py"))
    for name in ("marshmallow", "packaging"):
        yield from ((name, path) for name, path in _files(name) if path.suffix == ".py")
    for folder in sorted((MODULES / "in_image").glob("*.dist-info")):
        yield from ((f"{folder.name}/{path.name}", path) for path in folder.iterdir())


def _pelagos() -> Iterator[tuple[str, Path]]:
    """Give Pelagos itself and all that the extra `serve` brings."""
    yield from ((str(path.relative_to(_SOURCE)), path) for path in (_SOURCE / "pelagos").rglob("*") if path.is_file())
    for name in sorted(_needed("pelagos", "serve")):
        yield from ((file, path) for file, path in _files(name) if not file.startswith(("..", "__editable__")))


def _needed(name: str, extra: str = "") -> set[str]:
    found: set[str] = {utils.canonicalize_name(name)}
    for line in importlib.metadata.requires(name) or ():
        wanted = requirements.Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            found |= _needed(wanted.name)
    return found


def _files(name: str) -> Iterator[tuple[str, Path]]:
    distribution = importlib.metadata.distribution(name)
    yield from ((str(file), Path(str(file.locate()))) for file in distribution.files or ())


def _below(folder: str, files: Iterator[tuple[str, Path]]) -> Iterator[tuple[str, Path]]:
    yield from ((f"{folder}/{name}", path) for name, path in files if "__pycache__" not in name)


def _add(tar: tarfile.TarFile, name: str, data: str | bytes, *, mode: int = 0o644) -> None:
    file, content = tarfile.TarInfo(name), data.encode() if isinstance(data, str) else data
    file.size, file.mode = len(content), mode
    tar.addfile(file, io.BytesIO(content))
