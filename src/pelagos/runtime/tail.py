"""The last of what the workers printed, for people who look for a fault."""

from __future__ import annotations

from collections import deque

KEPT = 1 << 16
"""Bytes."""


class Tail:
    """Keeps the end of a log."""

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def add(self, text: bytes) -> None:
        """Take more; what is too old is forgotten, in whole pieces."""
        self._pieces.append(text)
        self._size += len(text)
        while self._size > KEPT and len(self._pieces) > 1:
            self._size -= len(self._pieces.popleft())

    def text(self) -> str:
        """Give what is kept."""
        return b"".join(self._pieces)[-KEPT:].decode("utf-8", "replace")
