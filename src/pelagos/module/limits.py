"""What a run may use, and how to tell that it wanted more."""

from __future__ import annotations

import os
import pathlib
import signal
import time
from typing import Any, Dict, Mapping, Optional

from pelagos.module import processes, tree

CPUS_VARIABLE = "PELAGOS_CPUS"
"""Cores that the site chose for this run, as `0,2,3`."""
THREAD_VARIABLES = (
    "PELAGOS_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

_LOOK_S = 0.2
_LOOK_SHARE = 0.02
"""Looking at memory may cost this share of a core."""
_FULL_BELOW_BYTES = 2**20


class Limits:
    """The limits of one run."""

    def __init__(self, resources: Mapping[str, Any], *, started: float) -> None:
        self._cpus: Optional[int] = resources.get("cpus")
        self._memory_mb: Optional[int] = resources.get("memory_mb")
        self._wall_time_s: Optional[float] = resources.get("wall_time_s")
        self._started = started
        self._next_look = started
        self._kills = _kernel_kills()

    def pin(self) -> None:
        """Keep this process and its children on their cores, and their thread pools to that number."""
        chosen = os.environ.get(CPUS_VARIABLE)
        if chosen:
            os.sched_setaffinity(0, {int(core) for core in chosen.split(",")})
        if self._cpus:
            threads = min(self._cpus, len(os.sched_getaffinity(0)))
            os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))

    def broken(self, members: tree.Tree, now: float) -> Optional[Dict[str, Any]]:
        """Tell which limit is broken, None when all hold."""
        if self._wall_time_s is not None and now - self._started > self._wall_time_s:
            return {"reason": "time_limit", "message": f"It ran longer than its limit of {self._wall_time_s:g} s."}
        if self._memory_mb is not None and now >= self._next_look:
            return self._memory_broken(members, self._memory_mb)
        return None

    def account_of_death(self, exit_code: Optional[int]) -> Dict[str, Any]:
        """Tell why the module's process ended without a word."""
        if exit_code == -signal.SIGKILL and _kernel_kills() > self._kills:
            return {"reason": "out_of_memory", "message": "The machine ran out of memory and its kernel killed it."}
        if exit_code is not None and exit_code < 0:
            name = signal.Signals(-exit_code).name
            return {"reason": "module_error", "message": f"The module's process was killed by {name}."}
        return {"reason": "module_error", "message": f"The module ended its own process with exit code {exit_code}."}

    def _memory_broken(self, members: tree.Tree, limit_mb: int) -> Optional[Dict[str, Any]]:
        begun = time.monotonic()
        members.look()
        used = members.rss
        # Forked children share pages; the exact sum is slow and made only here. Twice, because a process that forks in
        # the middle of it is counted with all its pages and its child with half of them.
        for _ in range(2):
            if used > limit_mb * 2**20:
                members.look()
                used = processes.proportional_bytes(members.members)
        ended = time.monotonic()
        self._next_look = ended + max(_LOOK_S, (ended - begun) / _LOOK_SHARE)
        if used <= limit_mb * 2**20:
            return None
        message = f"It used {used / 2**20:.0f} MiB of memory; its limit is {limit_mb} MiB."
        return {"reason": "out_of_memory", "message": message}


def disk_is_full(folder: pathlib.Path) -> bool:
    """Whether nothing more fits on the disk of a folder."""
    disk = os.statvfs(str(folder))
    return disk.f_bavail * disk.f_frsize < _FULL_BELOW_BYTES


def _kernel_kills() -> int:
    """Count how often the kernel has killed for want of memory since the machine started."""
    try:
        lines = pathlib.Path("/proc/vmstat").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
