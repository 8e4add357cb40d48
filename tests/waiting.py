"""Wait for what other processes and threads bring about."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WITHIN_S = 60.0
"""Long enough for a machine with much else to do; nothing waits so long when all is well."""


def until(holds: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """Wait until something is true and give it; fails when it is not in time."""
    deadline = time.monotonic() + within_s
    while not (found := holds()):
        assert time.monotonic() < deadline, f"it did not hold within {within_s:g} s"
        time.sleep(0.02)
    return found
