"""Two servers side by side: a real DEEPaaS 2.6.0 and `pelagos run`, both with the probe modules."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PROBE = ROOT / "tests" / "modules_for_tests" / "probe"
REFERENCE = ROOT / ".venv-deepaas"
RELEASE = "deepaas==2.6.0"
MODULES = (
    "probe",
    "probe-accept",
    "probe-answers",
    "probe-bare",
    "probe-faults",
    "probe-fields",
    "probe-object",
    "probe-places",
    "probe-schema",
    "probe-schema-class",
)
TRAININGS = "probe-trainings"
APART = "probe-class"
"""Stops a DEEPaaS that has it among its modules."""
START_S = 90.0


class DidNotStart(AssertionError):
    """A server ended before it answered."""


class Server:
    """One server, and the ways a client may talk to it."""

    def __init__(self, url: str, *, bin_folder: Path, variables: dict[str, str], log: Path = Path()) -> None:
        self.url = url
        self.log = log
        """What the server and its modules write."""
        self.again: Callable[[Path, str], AbstractContextManager[Server]] | None = None
        """Start another one like it, in a folder and with one module."""
        self.client = httpx.Client(base_url=url, timeout=15, headers={"user-agent": "test"})
        self._bin = bin_folder
        self._variables = variables

    @property
    def state(self) -> Path:
        """The state folder of a Pelagos."""
        return Path(self._variables["PELAGOS_STATE_DIR"])

    def files_left(self, *own: str) -> list[Path]:
        """List the temporary files of Pelagos, after the moment it may take to remove them.

        Locks are not meant, nor files of the module's `own` names: it must remove them itself.
        """
        deadline = time.monotonic() + 5
        while True:
            found = Path(self._variables["TMPDIR"]).glob("pelagos-*/**/*")
            left = [path for path in found if path.is_file() and path.name not in (".lock", *own)]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.02)

    def temporary_files(self) -> set[Path]:
        """List all that the server and its modules have put among the temporary files, but locks."""
        found = Path(self._variables["TMPDIR"]).rglob("*")
        return {path for path in found if path.is_file() and path.name != ".lock"}

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def run(self, *words: str, model: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
        """Run one of the commands that DEEPaaS has, such as `deepaas-cli`."""
        return subprocess.run(
            [str(self._bin / words[0]), *words[1:]],
            cwd=folder,
            env={**os.environ, **self._variables, "DEEPAAS_V2_MODEL": model},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )


def reference_environment() -> Path:
    """Give the environment of the reference, built once for all runs of the tests."""
    REFERENCE.mkdir(exist_ok=True)
    wanted = f"{RELEASE} {sys.version}\n{(PROBE / 'pyproject.toml').read_text()}"
    with (REFERENCE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = REFERENCE / "ready"
        if not ready.exists() or ready.read_text() != wanted:
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(REFERENCE / "venv")], check=True)
            pip = [str(REFERENCE / "venv" / "bin" / "pip"), "install", "-q", "--disable-pip-version-check"]
            subprocess.run([*pip, RELEASE, "--editable", str(PROBE)], check=True)
            _set_apart(REFERENCE / "venv")
            ready.write_text(wanted)
    return REFERENCE / "venv"


def _set_apart(venv: Path) -> None:
    """Move the entry point that stops a server where only one that is meant to have it looks."""
    (listed,) = venv.glob("lib/*/site-packages/pelagos_probe-*.dist-info/entry_points.txt")
    lines = listed.read_text().splitlines()
    listed.write_text("\n".join(line for line in lines if not line.startswith(APART)))
    apart = REFERENCE / "apart" / "apart-1.dist-info"
    apart.mkdir(parents=True, exist_ok=True)
    (apart / "METADATA").write_text("Metadata-Version: 2.1\nName: apart\nVersion: 1\n")
    moved = [line for line in lines if line.startswith(APART)]
    (apart / "entry_points.txt").write_text("\n".join(["[deepaas.v2.model]", *moved]))


@contextlib.contextmanager
def reference(folder: Path, *options: str, model: str = "") -> Iterator[Server]:
    """Serve with DEEPaaS itself; all probe modules, or one."""
    bin_folder = reference_environment() / "bin"
    port = _free_port()
    command = [str(bin_folder / "deepaas-run"), "--listen-port", str(port), *options]
    base = f"http://127.0.0.1:{port}"
    variables = {"DEEPAAS_V2_MODEL": model, **_own(folder)}
    if model == APART:
        variables["PYTHONPATH"] = str(REFERENCE / "apart")
    with _running(command, folder, variables) as process:
        _await(f"{base}{_base_path(options)}/", process, folder)
        with contextlib.closing(Server(base, bin_folder=bin_folder, variables=variables, log=folder / "log")) as server:
            server.again = lambda other, name: reference(other, model=name)
            yield server


@contextlib.contextmanager
def pelagos(
    folder: Path, state: Path, *options: str, modules: Sequence[str] = (*MODULES, TRAININGS), command: str = "pelagos"
) -> Iterator[Server]:
    """Serve with `pelagos run`, or one module with our `deepaas-run`; the modules are installed in `state`."""
    variables = {"PELAGOS_STATE_DIR": str(state), "DEEPAAS_V2_MODEL": "", **_own(folder)}
    bin_folder = Path(sys.executable).parent
    named = ["--model-name", *modules] if command == "deepaas-run" else ["run", *modules]
    words = [str(bin_folder / command), *named, "--listen-port", "0", *options]
    with _running(words, folder, variables) as process:
        found = _await_line(process, folder, r"(http://127\.0\.0\.1:\d+)\S*")
        with contextlib.closing(
            Server(found, bin_folder=bin_folder, variables=variables, log=folder / "log")
        ) as server:
            server.again = lambda other, name: pelagos(other, state, modules=[name])
            yield server


def install(state: Path, *sources: Path | str) -> None:
    """Install modules as a person does."""
    for source in sources:
        subprocess.run(
            [*_pelagos(), "install", str(source)],
            env={**os.environ, "PELAGOS_STATE_DIR": str(state)},
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=300,
        )


def _pelagos() -> list[str]:
    return [str(Path(sys.executable).parent / "pelagos")]


def _own(folder: Path) -> dict[str, str]:
    """Give the variables that name a server's own folders."""
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    return {"TMPDIR": str(temporary), "PROBE_MODELS": str(folder / "models")}


@contextlib.contextmanager
def _running(command: Sequence[str], folder: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **variables},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            # DEEPaaS leaves the processes of its pools behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _await(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart((folder / "log").read_text())
        with contextlib.suppress(httpx.TransportError):
            httpx.get(url)
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} did not come up: {(folder / 'log').read_text()}")


def _await_line(process: subprocess.Popen[bytes], folder: Path, pattern: str) -> str:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        text = (folder / "log").read_text(errors="replace")
        found = re.search(pattern, text)
        if found:
            return found[1]
        assert process.poll() is None, text
        time.sleep(0.02)
    raise AssertionError((folder / "log").read_text())


def _base_path(options: Sequence[str]) -> str:
    return options[options.index("--base-path") + 1] if "--base-path" in options else ""


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
