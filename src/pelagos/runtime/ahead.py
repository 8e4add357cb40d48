"""The first worker of a module, started before the server's own code is loaded: either takes as long as the other.

So this file, and what it imports, stay small.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pelagos.runtime import budget, processes, scratch
from pelagos.runtime.worker import Code, start_process


@contextlib.contextmanager
def started(code: Code, workers: int) -> Iterator[processes.Started | None]:
    """Start the first of at most `workers` processes, 0 is one for each core, for the pool that will watch it.

    It ends with the block at the latest. None when it cannot be started: the pool will find out why.
    """
    with scratch.Scratch() as temporary:
        try:
            first = start_process(code, budget.environment(workers or budget.cores(), budget.cores()), temporary.path)
        except OSError:
            yield None
            return
        try:
            yield first
        finally:
            first.end()
