"""One process with a socket to it, its own process group, a log and a folder for its temporary files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Log = Callable[[bytes], None]
"""Takes what the process printed, in whole lines where it can."""

LONGEST_LINE = 1 << 16


class Started:
    """A process that runs, and that nobody watches yet: starting it needs no event loop.

    It works in `folder`; its temporary files go to a folder made below `scratch`. Raises OSError.
    """

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str], folder: Path | None, scratch: Path
    ) -> None:
        self.out_of_memory = out_of_memory_count()
        """How many processes the kernel had killed for memory before."""
        self.temporary = Path(tempfile.mkdtemp(dir=scratch))
        self.socket, theirs = socket.socketpair()
        self.log, log = os.pipe()
        try:
            self.popen = subprocess.Popen(
                [part.replace("{socket}", str(theirs.fileno())) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**environment, "TMPDIR": str(self.temporary)},
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            self.close()
            raise
        finally:
            theirs.close()
            os.close(log)

    def kill(self) -> None:
        """Kill the whole group."""
        # The group outlives its first process while a child of it lives, and its number is not given away before.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def close(self) -> None:
        """Give back what was taken for a process that has ended."""
        os.close(self.log)
        self.socket.close()
        shutil.rmtree(self.temporary, ignore_errors=True)

    def end(self) -> None:
        """Kill it and give everything back, unless whoever watched it has seen its end."""
        if self.popen.returncode is None:
            self.kill()
            self.popen.wait()
            self.close()


class Process:
    """A process that is watched. `on_end` is called once, in the event loop, with the reason in words."""

    def __init__(self, started: Started, *, on_log: Log, on_end: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_log, self._on_end = on_log, on_end
        self._line = b""
        self._killed_for: str | None = None
        self._started = started
        self._popen = started.popen
        self._log = started.log
        os.set_blocking(self._log, False)
        self._loop.add_reader(self._log, self._read_log)
        self._exit = os.pidfd_open(self._popen.pid)
        self._loop.add_reader(self._exit, self._ended)

    @property
    def socket(self) -> socket.socket:
        """Our end of the socket."""
        return self._started.socket

    @property
    def pid(self) -> int:
        """The process id; also that of its group."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.returncode is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process alone; silent when it is gone."""
        if self.running:
            self._popen.send_signal(number)

    def kill(self, reason: str) -> None:
        """End the whole group at once; `reason` is what `on_end` will be told."""
        self._killed_for = self._killed_for or reason
        self._started.kill()

    def _ended(self) -> None:
        self._loop.remove_reader(self._exit)
        os.close(self._exit)
        self._started.kill()
        code = self._popen.wait()
        self._read_log()
        if self._line:
            self._on_log(self._line + b"\n")
        self._loop.remove_reader(self._log)
        self._started.close()
        out_of_memory = out_of_memory_count() > self._started.out_of_memory
        self._on_end(self._killed_for or ending(code, out_of_memory=out_of_memory))

    def _read_log(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._log, LONGEST_LINE):
                lines, newline, rest = (self._line + data).rpartition(b"\n")
                if newline:
                    self._on_log(lines + b"\n")
                self._line = rest
                if len(self._line) > LONGEST_LINE:
                    self._on_log(self._line + b"\n")
                    self._line = b""
            # All ends are closed: without this the loop would call again for ever.
            self._loop.remove_reader(self._log)


def ending(code: int, *, out_of_memory: bool) -> str:
    """Say in words why a process ended."""
    if code >= 0:
        return f"it ended with exit code {code}"
    name = signal.Signals(-code).name if -code in signal.valid_signals() else f"signal {-code}"
    if -code == signal.SIGKILL and out_of_memory:
        return "it was killed because the machine ran out of memory"
    return f"it was killed by {name}"


def out_of_memory_count() -> int:
    """Count the processes that the kernel has killed for memory since the machine started."""
    # https://docs.kernel.org/admin-guide/mm/: "oom_kill" counts the processes that the kernel killed for memory.
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    _, found, rest = text.partition("oom_kill ")
    return int(rest.split("\n", 1)[0]) if found else 0
