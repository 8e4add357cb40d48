"""Share the machine's cores among the workers, so that their libraries do not fight for them."""

from __future__ import annotations

import os

_THREAD_VARIABLES = (
    "PELAGOS_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0))


def environment(workers: int, available: int) -> dict[str, str]:
    """Give the variables of one of `workers` processes on `available` cores: workers x threads = cores.

    Threads that spin while they wait take the cores of the other workers, so spinning is off with more than one.
    """
    threads = max(1, available // max(1, workers))
    variables = dict.fromkeys(_THREAD_VARIABLES, str(threads))
    if workers > 1:
        variables |= {"PELAGOS_SPIN": "0", "OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
    return variables
