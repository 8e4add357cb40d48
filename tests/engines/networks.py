"""A network of one's own with nothing in it but loopback: all its ports are free, and nobody else sees them."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

_UP = "ip link set lo up && echo up && exec cat"


@contextlib.contextmanager
def private() -> Iterator[tuple[str, ...]]:
    """Make one for as long as the block lasts; gives the words that go before a command to run it there. Needs root."""
    command = ["unshare", "--net", "sh", "-c", _UP]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == b"up\n"
        # The keeper ends when its input does, which is when we do at the latest.
        yield ("nsenter", f"--net=/proc/{keeper.pid}/ns/net")
        keeper.communicate(timeout=30)
