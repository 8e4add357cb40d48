"""The background thread that keeps job records true."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pelagos.jobs import jobs

IDLE_FACTOR = 4
"""How much less often it looks while no job is live."""
_GLANCE_S = 0.05

_log = logging.getLogger(__name__)


class Loop:
    """Reconciles every `interval_s`, and at once when a run begins or ends or somebody submits or cancels."""

    def __init__(self, watched: jobs.Jobs, interval_s: float = 0.5) -> None:
        self._jobs = watched
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="pelagos-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for the step it may be in; jobs go on by themselves. May be called twice."""
        self._stopping.set()
        self._jobs.stirred.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        _isolated(self._jobs.sweep)
        while not self._stopping.is_set():
            self._jobs.stirred.clear()
            _isolated(self._jobs.reconcile)
            self._rest()

    def _rest(self) -> None:
        """Wait for the next step, glancing at the live run folders."""
        live = self._jobs.watching
        until = time.monotonic() + self._interval_s * (1 if live else IDLE_FACTOR)
        while (left_s := until - time.monotonic()) > 0:
            if self._jobs.stirred.wait(min(_GLANCE_S, left_s) if live else left_s) or self._jobs.news():
                return


def _isolated(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:  # The isolation point: a step that failed must not end the loop.
        _log.exception("a step of the job loop failed")
