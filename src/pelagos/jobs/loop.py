"""The background thread that keeps records true: those of jobs, and of whatever else is watched in the same way."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from pelagos.domain import errors

IDLE_FACTOR = 4
"""How much less often it looks while no job is live."""
_GLANCE_S = 0.05

_log = logging.getLogger(__name__)


class Watched(Protocol):
    """What a loop keeps true."""

    stirred: threading.Event
    """Set when there is something to look at soon."""

    def reconcile(self) -> None:
        """Do one step."""

    def sweep(self) -> None:
        """Remove what a crash left behind; done once, at the start."""

    @property
    def watching(self) -> bool:
        """Whether something is on its way."""

    def news(self) -> bool:
        """Whether something has happened since the last step. Cheap: asked many times a second."""


class Loop:
    """Reconciles every `interval_s`, and at once when a run begins or ends or somebody submits or cancels."""

    def __init__(self, watched: Watched, interval_s: float = 0.5, *, name: str = "pelagos-jobs") -> None:
        self._watched = watched
        self._name = name
        self._interval_s = interval_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and wait for the step it may be in; jobs go on by themselves. May be called twice."""
        self._stopping.set()
        self._watched.stirred.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        _isolated(self._watched.sweep)
        while not self._stopping.is_set():
            self._watched.stirred.clear()
            _isolated(self._watched.reconcile)
            self._rest()

    def _rest(self) -> None:
        """Wait for the next step, glancing at the live run folders."""
        live = self._watched.watching
        until = time.monotonic() + self._interval_s * (1 if live else IDLE_FACTOR)
        while (left_s := until - time.monotonic()) > 0:
            if self._watched.stirred.wait(min(_GLANCE_S, left_s) if live else left_s) or self._watched.news():
                return


def _isolated(act: Callable[[], None]) -> None:
    try:
        act()
    except errors.DatabaseUnreachable as error:
        _log.warning("the loop waits: %s", error)
    except Exception:  # The isolation point: a step that failed must not end the loop.
        _log.exception("a step of the loop failed")
