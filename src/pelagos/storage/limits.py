"""How much may come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from pelagos.domain import errors

UNSUSPICIOUS_BYTES = 64 << 20
"""Whatever stays below this is no bomb, however well it was packed."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """The most that one data set may be."""

    files: int = 200_000
    """Files and folders."""
    bytes: int = 50 << 30
    """Unpacked; also the most that is downloaded."""
    ratio: float = 200.0
    """Unpacked bytes for each packed one. Pictures and tables stay below 20, bombs begin at 1,000."""
    silence_s: float = 30.0
    """How long an address may say nothing."""
    download_s: float = 6 * 3600.0
    """How long a whole download may take."""
    redirects: int = 5
    """How often an address may send us elsewhere."""
    private_addresses: bool = False
    """Whether addresses of the hub's own network may be asked: they may trust the hub more than its users."""


class Tally:
    """Counts what comes in, while it comes. What an archive says of its sizes is not believed."""

    def __init__(
        self, limits: Limits, *, packed: int | None = None, counted: Callable[[int], object] = lambda _: None
    ) -> None:
        """Count within limits; `counted` is told the bytes there are so far."""
        self._limits = limits
        self._packed = packed
        self._counted = counted
        self.entries = 0
        self.bytes = 0

    def add_entry(self) -> None:
        """Count a file or folder; raises TooLarge."""
        self.entries += 1
        if self.entries > self._limits.files:
            raise errors.TooLarge(f"There are more than {self._limits.files:,} files, the limit of this hub.")

    def add_bytes(self, count: int) -> None:
        """Count bytes of content; raises TooLarge."""
        self.bytes += count
        self.check(self.bytes)
        self._counted(self.bytes)

    def check(self, unpacked: int) -> None:
        """Raise TooLarge when so many bytes are too many, or too many for what they were packed in."""
        if unpacked > self._limits.bytes:
            raise errors.TooLarge(f"There are more than {self._limits.bytes:,} bytes, the limit of this hub.")
        if self._packed is None or unpacked <= UNSUSPICIOUS_BYTES:
            return
        if unpacked > self._packed * self._limits.ratio:
            raise errors.TooLarge(
                f"The archive grows to more than {self._limits.ratio:g} times its size, the limit of this hub.",
                hint="Unpack it and send the files, or have the limit raised.",
            )
