"""TensorBoards for single trainings: started when somebody looks, on loopback, ended when nobody looks any more.

They are reached through our own port (see `proxy`): one port to open through a firewall or an ssh tunnel, and the
browser stays on one origin.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pelagos.domain import errors

IDLE_S = 600.0
START_S = 60.0
MOST = 4
"""TensorBoards at the same time, each of some 200 MB; one more ends the one unused for longest."""

_ADDRESS = re.compile(rb"https?://[^\s/]+:(\d+)/")
# Ends the child when this process dies, however it dies; told to the kernel between start and the real program.
_BOUND = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGTERM); "
    "os.getppid() == int(sys.argv[1]) or sys.exit(1); os.execvp(sys.argv[2], sys.argv[2:])"
)


def command() -> list[str] | None:
    """Find TensorBoard: a module of this Python, or a program on PATH; None when it is nowhere."""
    if importlib.util.find_spec("tensorboard") is not None:
        return [sys.executable, "-m", "tensorboard.main"]
    found = shutil.which("tensorboard")
    return [found] if found else None


class Monitor:
    """One TensorBoard."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        self.used = time.monotonic()
        self._drain = asyncio.create_task(_drain(process))

    @property
    def pid(self) -> int:
        """The process's id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.returncode is None

    def end(self) -> None:
        """Ask it to end; silent when it has."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


class Monitors:
    """The TensorBoards that run now, by training."""

    def __init__(self, command: Sequence[str] | None, *, idle_s: float = IDLE_S) -> None:
        self._command = command
        self._idle_s = idle_s
        self._running: dict[str, Monitor] = {}
        self._starting: dict[str, asyncio.Lock] = {}
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def available(self) -> bool:
        """Whether TensorBoard is installed."""
        return self._command is not None

    @property
    def pids(self) -> tuple[int, ...]:
        """The ids of the processes that run."""
        return tuple(monitor.pid for monitor in self._running.values() if monitor.alive)

    async def port(self, job_id: str, folder: Path, prefix: str) -> int:
        """Give the port of the training's TensorBoard, which is started if need be; takes some seconds then.

        One that shows another folder is replaced.

        Raises MissingExtra when TensorBoard is not installed, Unavailable when it does not start.
        """
        if self._command is None:
            raise errors.MissingExtra(
                "TensorBoard is not installed.", hint=f"{sys.executable} -m pip install tensorboard"
            )
        async with self._starting.setdefault(job_id, asyncio.Lock()):
            monitor = self._running.get(job_id)
            if monitor is None or not monitor.alive or monitor.folder != folder:
                self.close(job_id)
                self._make_room()
                monitor = self._running[job_id] = await _start(self._command, folder, prefix)
        monitor.used = time.monotonic()
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        return monitor.port

    def close(self, job_id: str | None = None) -> None:
        """End one TensorBoard, or all; silent when there is none."""
        for name in [job_id] if job_id is not None else list(self._running):
            monitor = self._running.pop(name, None)
            if monitor is not None:
                monitor.end()

    def _make_room(self) -> None:
        by_use = sorted(self._running, key=lambda name: self._running[name].used)
        for name in by_use[: max(0, len(by_use) - MOST + 1)]:
            self.close(name)

    async def _sweep(self) -> None:
        while self._running:
            await asyncio.sleep(min(30.0, self._idle_s / 4))
            limit = time.monotonic() - self._idle_s
            for name in [name for name, monitor in self._running.items() if monitor.used < limit]:
                self.close(name)


async def _start(command: Sequence[str], folder: Path, prefix: str) -> Monitor:
    # Port 0: the kernel picks a free one and TensorBoard tells which on its standard error: nobody can take it first.
    arguments = ["--logdir", str(folder), "--host", "127.0.0.1", "--port", "0", "--path_prefix", prefix]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _BOUND, str(os.getpid()), *command, *arguments, "--reload_interval", "5",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    said = b""
    try:
        async with asyncio.timeout(START_S):
            assert process.stderr is not None
            while line := await process.stderr.readline():
                said = (said + line)[-2000:]
                found = _ADDRESS.search(line)
                if found:
                    return Monitor(process, int(found[1]), folder)
    except TimeoutError:
        pass
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
    last = said.decode("utf-8", "replace").strip().splitlines()[-1:] or ["it said nothing"]
    raise errors.Unavailable(f"TensorBoard did not start: {last[0]}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read what it says, so that it never waits for a reader, and take note of its end."""
    assert process.stderr is not None
    while await process.stderr.read(65_536):
        pass
    await process.wait()
