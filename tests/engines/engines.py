"""Docker, Podman and udocker in folders and networks of their own, with an image that is made here."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from engines import image, networks

START_S = 60.0
_ADDED = str(Path(sys.executable).parent)
_UDOCKER_TOOLS = "1.2.11"
"""The release of its tools that udocker wants; it asks no further than for this number when it has a `runc`."""
_PLAIN_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclasses.dataclass(frozen=True)
class Engine:
    """One engine that answers."""

    name: str
    variables: Mapping[str, str]
    """Lead clients to it."""
    within: tuple[str, ...]
    """What goes before a command that is to run where the engine's network is, and as its user."""

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a process that uses it."""
        return {**os.environ, **self.variables}

    def ask(self, *words: str) -> str:
        """Run its client and give what it says."""
        command = [*self.within, self.name, *words]
        ran = subprocess.run(command, capture_output=True, env=self.environment, timeout=120, check=False)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout.decode().strip()

    def containers(self) -> list[str]:
        """List all containers, running or not."""
        return self.ask("ps", "--all", "--format", "{{.Names}}").splitlines()


@contextlib.contextmanager
def engine(name: str) -> Iterator[Engine]:
    """Start `docker`, `podman` or `udocker` with the test image in it; skips with the reason."""
    path = f"{_ADDED}:{os.environ['PATH']}"
    missing = [each for each in (*_NEEDED[name], "ip") if shutil.which(each, path=path) is None]
    if missing or os.getuid() != 0:
        pytest.skip(f"{name} cannot be started here: {', '.join(missing) or 'it needs root'}")
    # A short path: the address of a Unix socket has room for 107 bytes.
    kept = tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True)
    with kept as folder, networks.private() as within, _STARTERS[name](Path(folder), within) as started:
        started.ask("load", "-i", str(image.archive()))
        if name == "podman":
            # It is called after localhost by then; this is what a pull would call it.
            started.ask("tag", image.NAME, f"docker.io/{image.NAME}")
        yield started


@contextlib.contextmanager
def _docker(folder: Path, within: tuple[str, ...]) -> Iterator[Engine]:
    place = f"unix://{folder}/sock"
    options = ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", "-H", place, "-p", f"{folder}/pid"]
    options += ["--iptables=false", "--ip6tables=false"]
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen([*within, "dockerd", *options], stdout=log, stderr=log, start_new_session=True)
    try:
        started = Engine("docker", {"DOCKER_HOST": place}, within)
        _await(daemon, started, folder / "log")
        yield started
    finally:
        daemon.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            daemon.wait(30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, signal.SIGKILL)
        daemon.wait(10)


@contextlib.contextmanager
def _podman(folder: Path, within: tuple[str, ...]) -> Iterator[Engine]:
    """Podman has no daemon; what it needs where systemd does not run stands in a file."""
    limits = '["nofile=4096:4096", "nproc=4096:4096"]'
    settings = 'cgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
    network = f'[network]\nnetwork_config_dir = "{folder}/networks"\n'
    (folder / "containers.conf").write_text(f"[containers]\ndefault_ulimits = {limits}\n[engine]\n{settings}{network}")
    places = f'driver = "overlay"\ngraphroot = "{folder}/root"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(f"[storage]\n{places}")
    variables = {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }
    try:
        yield Engine("podman", variables, within)
    finally:
        # Its store is a mount of its own, which no folder can be removed with.
        subprocess.run(["umount", folder / "root/overlay"], capture_output=True, timeout=30, check=False)


@contextlib.contextmanager
def _udocker(folder: Path, within: tuple[str, ...]) -> Iterator[Engine]:
    """udocker is for plain users, has no daemon, and would download its tools; runc of this machine stands for them."""
    (folder / "lib").mkdir()
    (folder / "lib/VERSION").write_text(_UDOCKER_TOOLS)
    variables = {
        "PATH": f"{_ADDED}:{os.environ['PATH']}",
        "HOME": str(folder),
        "UDOCKER_DIR": str(folder),
        "UDOCKER_TMP": str(folder),
        "UDOCKER_USE_RUNC_EXECUTABLE": str(shutil.which("runc")),
        "UDOCKER_DEFAULT_EXECUTION_MODE": "R1",
    }
    yield Engine("udocker", variables, (*within, *_PLAIN_USER))


_STARTERS = {"docker": _docker, "podman": _podman, "udocker": _udocker}
_NEEDED = {"docker": ("dockerd", "docker", "runc"), "podman": ("podman", "runc"), "udocker": ("udocker", "runc")}


def _await(daemon: subprocess.Popen[bytes], started: Engine, log: Path) -> None:
    deadline = time.monotonic() + START_S
    command = ["docker", "info"]
    while time.monotonic() < deadline and daemon.poll() is None:
        asked = subprocess.run(command, capture_output=True, env=started.environment, timeout=START_S, check=False)
        if asked.returncode == 0 and b"Server Version" in asked.stdout:
            return
        time.sleep(0.1)
    pytest.skip(f"the Docker engine does not start here: {log.read_text(errors='replace')[-600:]}")
