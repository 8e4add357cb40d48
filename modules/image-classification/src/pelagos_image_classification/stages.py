"""Tells the user where a training is: a line a phase, progress, and how long each phase took. Stops when asked to."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pelagos.module import Training

from pelagos_image_classification.pictures import Watch


class Cancelled(Exception):
    """Somebody asked this training to stop."""


def say(line: str) -> None:
    """Write a line to the training's log, at once."""
    print(line, flush=True)


class Stages:
    """The phases of one training; `shares` says how much of the whole each phase is expected to take."""

    def __init__(self, run: Training, shares: Mapping[str, float]) -> None:
        self._run = run
        self._shares = {name: share / sum(shares.values()) for name, share in shares.items()}
        self._done = 0.0
        self._started = time.perf_counter()
        self.timings: dict[str, float] = {}

    @property
    def elapsed_s(self) -> float:
        """How long the training has taken so far."""
        return time.perf_counter() - self._started

    @contextmanager
    def stage(self, name: str) -> Iterator[Watch]:
        """Announce and time a phase; the phase calls the watch with how many of how many are done."""
        say(f"{name} ...")
        started, share = time.perf_counter(), self._shares.get(name, 0.0)

        def watch(done: int, total: int) -> None:
            if self._run.cancelled:
                raise Cancelled(f"cancelled during: {name}")
            self._run.progress(self._done + share * done / max(total, 1), f"{name}: {done} of {total}")

        watch(0, 1)
        yield watch
        self._done += share
        self.timings[name] = time.perf_counter() - started
        self._run.progress(self._done, f"{name}: done")
        say(f"{name}: {self.timings[name]:.2f} s")
