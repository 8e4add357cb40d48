"""Look at processes through /proc, and signal them without ever hitting one that took over a number."""

from __future__ import annotations

import os
import pathlib
import signal
import time
from typing import Any, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional

TOKEN_VARIABLE = "PELAGOS_RUN"  # noqa: S105 - names a run, opens nothing
"""Every process of a run carries the run's token in this variable."""

SECRET_VARIABLES = frozenset({"PELAGOS_DATABASE", "PELAGOS_TOKEN"})
"""What opens something of ours: no process that runs a module's code inherits it."""

_YOUNG_S = 4.0
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    """One line of the process table."""

    pid: int
    parent: int
    state: str
    start: int
    """In ticks since boot; with the pid it names a process for ever."""
    rss: int
    """Resident bytes."""
    cpu_s: float
    """Processor time of itself and of the children it has waited for."""


def inherited() -> Dict[str, str]:
    """Give the variables of this process that one with a module's code may have."""
    return {name: value for name, value in os.environ.items() if name not in SECRET_VARIABLES}


def find(pid: int) -> Optional[Process]:
    """Look at one process; None when it is gone."""
    try:
        text = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    # The name stands in parentheses and may hold anything, parentheses too. Fields: proc(5).
    fields = text[text.rindex(b")") + 2 :].split()
    ticks = sum(int(fields[index]) for index in (11, 12, 13, 14))
    return Process(pid, int(fields[1]), fields[0].decode(), int(fields[19]), int(fields[21]) * _PAGE, ticks / _TICKS)


def everybody() -> Iterator[Process]:
    """List all processes that can be seen."""
    with os.scandir("/proc") as entries:
        numbers = [int(entry.name) for entry in entries if entry.name.isdigit()]
    for number in numbers:
        process = find(number)
        if process is not None:
            yield process


def descendants(*roots: int) -> List[Process]:
    """List the living descendants of `roots`: children, their children, and so on."""
    children: Dict[int, List[Process]] = {}
    for process in everybody():
        children.setdefault(process.parent, []).append(process)
    found: List[Process] = []
    waiting = list(roots)
    while waiting:
        below = children.pop(waiting.pop(), [])
        found += [process for process in below if process.state not in "ZX"]
        waiting += [process.pid for process in below]
    return found


def of_run(token: str, *, or_starting: bool = False) -> List[Process]:
    """List the living processes of this user that carry a run's token, the supervisor included.

    With `or_starting` also those of which nobody can tell yet, because they are just starting a program.
    """
    mine = os.geteuid()
    return [
        process
        for process in everybody()
        if process.state not in "ZX"
        and _owner(process.pid) == mine
        and (carries(process.pid, token) or (or_starting and _is_starting(process)))
    ]


def noted(members: Iterable[Process]) -> Dict[str, Any]:
    """Write down who these are, as plain JSON, for a `survivors` of any later process."""
    return {"boot": _boot(), "tree": [(process.pid, process.start) for process in members]}


def survivors(note: Mapping[str, Any]) -> List[Process]:
    """List who still lives of those that were noted, and what they have started since."""
    if note.get("boot") != _boot():
        return []
    seen = {(pid, start) for pid, start in note["tree"]}
    known = [process for process in everybody() if (process.pid, process.start) in seen and process.state not in "ZX"]
    below = descendants(*[process.pid for process in known])
    return list({process.pid: process for process in [*known, *below]}.values())


def carries(pid: int, token: str) -> bool:
    """Whether a process was started with a run's token."""
    return variable(pid, TOKEN_VARIABLE) == token


def variable(pid: int, name: str) -> Optional[str]:
    """Read one variable a process was started with; None when it has none, is gone or belongs to somebody else."""
    try:
        entries = _read(f"/proc/{pid}/environ").split(b"\0")
    except OSError:
        return None
    wanted = name.encode() + b"="
    values = (entry[len(wanted) :] for entry in entries if entry.startswith(wanted))
    return next((value.decode("utf-8", "replace") for value in values), None)


def send(targets: Iterable[Process], signum: int) -> None:
    """Signal processes that are still the ones that were seen; silent for the others."""
    for process in targets:
        now = find(process.pid)
        if now is not None and now.start == process.start:
            try:
                os.kill(process.pid, signum)
            except (ProcessLookupError, PermissionError):
                continue


def end(targets: Iterable[Process]) -> None:
    """Kill processes at once."""
    send(targets, signal.SIGKILL)


def proportional_bytes(targets: Iterable[Process]) -> int:
    """Sum what processes really occupy, a page that several share counted once; exact and slow (see proc(5), Pss)."""
    return sum(_proportional(process) for process in targets)


def _proportional(process: Process) -> int:
    try:
        lines = _read(f"/proc/{process.pid}/smaps_rollup").splitlines()
    except OSError:
        return process.rss
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), process.rss)


def _is_starting(process: Process) -> bool:
    """Whether a process is young and has no variables: the kernel hides them while it starts a program."""
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - process.start / _TICKS
    try:
        return age_s < _YOUNG_S and not _read(f"/proc/{process.pid}/environ")
    except OSError:
        return False


def _boot() -> str:
    """Tell one start of the machine from another: start times of processes count from it."""
    try:
        return _read("/proc/sys/kernel/random/boot_id").decode().strip()
    except OSError:
        return ""


def _owner(pid: int) -> Optional[int]:
    try:
        return pathlib.Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return None


def _read(path: str) -> bytes:
    # Unbuffered: the process table is read several times a second.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        pieces: List[bytes] = []
        while True:
            piece = os.read(descriptor, 65536)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
    finally:
        os.close(descriptor)
