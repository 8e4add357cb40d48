"""A Docker engine of one's own on a private socket, and an image of this machine's Python; no registry is asked."""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

MODULES = Path(__file__).parents[1] / "modules_for_tests"
IMAGE = "pelagos-test/modules:1"
START_S = 60.0
_SHELL = Path("/bin/sh")
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


@contextlib.contextmanager
def engine() -> Iterator[Mapping[str, str]]:
    """Start an engine with the test image in it; gives the variables that lead clients to it. Skips with the reason."""
    missing = [name for name in ("dockerd", "docker", "runc") if shutil.which(name) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"no Docker engine can be started here: {', '.join(missing) or 'needs root'}")
    # A short path: the address of a Unix socket has room for 107 bytes.
    with tempfile.TemporaryDirectory(prefix="dockerd-", ignore_cleanup_errors=True) as folder:
        place = f"unix://{folder}/sock"
        options = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", place, "-p", f"{folder}/pid"]
        options += ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
        with (Path(folder) / "log").open("wb") as log:
            daemon = subprocess.Popen(["dockerd", *options], stdout=log, stderr=log, start_new_session=True)
        try:
            variables = {"DOCKER_HOST": place}
            _await(daemon, variables, Path(folder) / "log")
            _load_image(variables)
            yield variables
        finally:
            daemon.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                daemon.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait(10)


def ask(variables: Mapping[str, str], *words: str, data: bytes | None = None) -> str:
    """Run `docker` and give what it says."""
    environment = {**os.environ, **variables}
    ran = subprocess.run(["docker", *words], input=data, capture_output=True, env=environment, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode().strip()


def containers(variables: Mapping[str, str]) -> list[str]:
    """List all containers, running or not."""
    return ask(variables, "ps", "--all", "--format", "{{.Names}}").splitlines()


def _await(daemon: subprocess.Popen[bytes], variables: Mapping[str, str], log: Path) -> None:
    deadline = time.monotonic() + START_S
    environment = {**os.environ, **variables}
    while time.monotonic() < deadline and daemon.poll() is None:
        asked = subprocess.run(["docker", "info"], capture_output=True, env=environment, timeout=START_S, check=False)
        if asked.returncode == 0 and b"Server Version" in asked.stdout:
            return
        time.sleep(0.1)
    pytest.skip(f"the Docker engine does not start here: {log.read_text(errors='replace')[-600:]}")


def _load_image(variables: Mapping[str, str]) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", dereference=True) as tar:
        for path in sorted(_python()):
            tar.add(path, recursive=False)
        for name, path in _modules():
            tar.add(path, f"srv/modules/{name}", recursive=False)
        for name in ("tmp", "srv", "srv/modules"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(folder)
        link = tarfile.TarInfo("usr/local/bin/python3")
        link.type, link.linkname = tarfile.SYMTYPE, os.path.realpath(sys.executable)
        tar.addfile(link)
    changes = ["--change", "WORKDIR /srv", "--change", "ENV PYTHONPATH=/srv/modules"]
    ask(variables, "import", *changes, "-", IMAGE, data=data.getvalue())


def _python() -> set[Path]:
    """List the files of this machine's Python: the program, its standard library, and what they are linked with."""
    library = Path(sysconfig.get_path("stdlib"))
    found = {path for path in library.rglob("*") if path.is_file() and not _LEFT_OUT & set(path.parts)}
    binaries = {Path(os.path.realpath(sys.executable)), _SHELL, *(path for path in found if path.suffix == ".so")}
    linked = subprocess.run(
        ["ldd", *map(str, binaries)], capture_output=True, text=True, timeout=60, check=False
    ).stdout
    return found | binaries | {Path(name) for name in re.findall(r"(?:=> |^\s+)(/\S+)", linked, re.MULTILINE)}


def _modules() -> Iterator[tuple[str, Path]]:
    """Give what the image has beside: a native module, one for DEEPaaS, and what that one needs."""
    for name, package in (("counting", "pelagos_counting"), ("in_image", "leaves")):
        folder = MODULES / name / "src"
        yield from ((str(path.relative_to(folder)), path) for path in (folder / package).rglob("*.py"))
    for name in ("marshmallow", "packaging"):
        distribution = importlib.metadata.distribution(name)
        files = distribution.files or []
        yield from ((str(file), Path(str(file.locate()))) for file in files if file.suffix == ".py")
    for folder in sorted((MODULES / "in_image").glob("*.dist-info")):
        yield from ((f"{folder.name}/{path.name}", path) for path in folder.iterdir())
