"""The process tree below a supervisor: how much it uses, and its certain end."""

from __future__ import annotations

import os
import signal
import time
from typing import Callable, List, Set, Tuple

from pelagos.module import processes

_ROUND_S = 0.02
_GIVE_UP_S = 30.0
"""A process in an uninterruptible wait cannot be killed; after this long the outcome is written all the same."""


class Tree:
    """All living descendants of this process, as seen at the last look."""

    def __init__(self) -> None:
        self.members: List[processes.Process] = []
        self.peak_rss = 0

    def look(self) -> None:
        """Take a fresh look."""
        self.members = processes.descendants(os.getpid())
        self.peak_rss = max(self.peak_rss, self.rss)

    @property
    def rss(self) -> int:
        """Resident bytes, pages that several share counted for each."""
        return sum(process.rss for process in self.members)

    @property
    def cpu_s(self) -> float:
        """Processor time of the living."""
        return sum(process.cpu_s for process in self.members)

    @property
    def count(self) -> int:
        """How many live."""
        return len(self.members)

    def end(self, grace_s: float, reap: Callable[[], bool]) -> None:
        """Ask all to leave, kill them after the grace, until none is left.

        `reap` waits for dead children and tells whether none is left. As the caller is a subreaper, a descendant
        always hangs below a child of ours: no child left is the proof that nobody is, however they forked.
        """
        begun = time.monotonic()
        asked: Set[Tuple[int, int]] = set()
        while not reap():
            waited_s = time.monotonic() - begun
            if waited_s > grace_s + _GIVE_UP_S:
                return
            self.look()
            if waited_s > grace_s:
                processes.end(self.members)
            else:
                self._ask(asked)
            signal.sigtimedwait({signal.SIGCHLD}, _ROUND_S)

    def _ask(self, asked: Set[Tuple[int, int]]) -> None:
        fresh = [process for process in self.members if (process.pid, process.start) not in asked]
        processes.send(fresh, signal.SIGTERM)
        processes.send(fresh, signal.SIGCONT)
        asked.update((process.pid, process.start) for process in fresh)
