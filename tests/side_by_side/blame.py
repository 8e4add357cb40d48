"""Tell a fault of the probe's own code from one of ours: by the traceback in the server's log."""

from __future__ import annotations

import re
import time
from typing import Any

from side_by_side.servers import PROBE, Server

_CODE = str(PROBE / "src")
_NUMBER = re.compile(r'(?:\(error |"id": ?")([0-9a-f]{12})')
_WRITTEN_S = 5.0
"""How long a line may be on its way to the log."""


def on_the_module(server: Server, answer: Any) -> bool:
    """Whether an answer is a 500 that the probe's own code raised, be it called by ours."""
    found = _NUMBER.search(answer.text)
    return answer.status_code == 500 and found is not None and _CODE in raised(server, found[1])


def raised(server: Server, number: str) -> str:
    """Give the traceback that the log has of an error; of a chain its last, which is what was raised. Empty if none."""
    pattern = re.compile(rf"error {number}\n((?:Traceback.*\n(?: .*\n)+\S.*\n(?:\n.*\n\n)?)+)")
    deadline = time.monotonic() + _WRITTEN_S
    while not (found := pattern.search(server.log.read_text(errors="replace"))) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found[1].rpartition("Traceback")[2] if found else ""
