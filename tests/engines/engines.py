"""Docker and Podman in folders of their own, and an image of this machine's Python; no registry is asked."""

from __future__ import annotations

import contextlib
import dataclasses
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


@dataclasses.dataclass(frozen=True)
class Engine:
    """One engine that answers."""

    name: str
    variables: Mapping[str, str]
    """Lead clients to it."""

    def ask(self, *words: str, data: bytes | None = None) -> str:
        """Run its client and give what it says."""
        command, environment = [self.name, *words], {**os.environ, **self.variables}
        ran = subprocess.run(command, input=data, capture_output=True, env=environment, timeout=120, check=False)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout.decode().strip()

    def containers(self) -> list[str]:
        """List all containers, running or not."""
        return self.ask("ps", "--all", "--format", "{{.Names}}").splitlines()


@contextlib.contextmanager
def engine(name: str) -> Iterator[Engine]:
    """Start `docker` or `podman` with the test image in it; skips with the reason."""
    missing = [each for each in _NEEDED[name] if shutil.which(each) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"{name} cannot be started here: {', '.join(missing) or 'it needs root'}")
    # A short path: the address of a Unix socket has room for 107 bytes.
    kept = tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True)
    with kept as folder, _STARTERS[name](Path(folder)) as variables:
        started = Engine(name, variables)
        _load_image(started)
        yield started


@contextlib.contextmanager
def _docker(folder: Path) -> Iterator[Mapping[str, str]]:
    place = f"unix://{folder}/sock"
    options = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", place, "-p", f"{folder}/pid"]
    options += ["--bridge", "none", "--iptables=false", "--ip6tables=false"]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(["dockerd", *options], stdout=log, stderr=log, start_new_session=True)
    try:
        variables = {"DOCKER_HOST": place}
        _await(daemon, variables, folder / "log")
        yield variables
    finally:
        daemon.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait(10)


@contextlib.contextmanager
def _podman(folder: Path) -> Iterator[Mapping[str, str]]:
    """Podman has no daemon; what it needs where systemd does not run stands in a file."""
    limits = '["nofile=4096:4096", "nproc=4096:4096"]'
    settings = 'cgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
    (folder / "containers.conf").write_text(f"[containers]\ndefault_ulimits = {limits}\n[engine]\n{settings}")
    places = f'driver = "overlay"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(f"[storage]\n{places}")
    yield {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }


_STARTERS = {"docker": _docker, "podman": _podman}
_NEEDED = {"docker": ("dockerd", "docker", "runc"), "podman": ("podman", "runc")}


def _await(daemon: subprocess.Popen[bytes], variables: Mapping[str, str], log: Path) -> None:
    deadline = time.monotonic() + START_S
    environment = {**os.environ, **variables}
    while time.monotonic() < deadline and daemon.poll() is None:
        asked = subprocess.run(["docker", "info"], capture_output=True, env=environment, timeout=START_S, check=False)
        if asked.returncode == 0 and b"Server Version" in asked.stdout:
            return
        time.sleep(0.1)
    pytest.skip(f"the Docker engine does not start here: {log.read_text(errors='replace')[-600:]}")


def _load_image(engine: Engine) -> None:
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
    engine.ask("import", *changes, "-", IMAGE, data=data.getvalue())


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
