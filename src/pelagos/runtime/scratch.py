"""A folder for temporary files that goes with its process, even when that is killed.

The owner holds a lock on it for life; whoever makes the next one removes those that nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Self

from pelagos.module import lock

_PREFIX = "pelagos-scratch-"
_LOCK = ".lock"
YOUNG_S = 60.0
"""A folder without a lock may be one that is just being made."""


class Scratch:
    """One folder, below `parent` or where temporary files go; use it as `with Scratch() as scratch: scratch.path`."""

    def __init__(self, parent: Path | None = None) -> None:
        sweep(parent)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        self._lock = os.open(self.path / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the folder. May be called twice."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def sweep(parent: Path | None = None) -> None:
    """Remove the folders of processes that were killed."""
    for folder in (parent or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > YOUNG_S and not lock.taken(folder / _LOCK):
                shutil.rmtree(folder, ignore_errors=True)
