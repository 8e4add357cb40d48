"""Time and new ids, handed in wherever a rule needs them."""

from __future__ import annotations

import datetime
import os
import uuid
from typing import Protocol


class Clock(Protocol):
    """Where the time and new ids come from."""

    def now(self) -> datetime.datetime:
        """Tell the time, with its zone (UTC)."""

    def new_id(self) -> str:
        """Make a new id: 32 hexadecimal digits."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime.datetime:
        """Tell the time of the machine in UTC."""
        return datetime.datetime.now(datetime.UTC)

    def new_id(self) -> str:
        """Make a random id."""
        return uuid.uuid4().hex


class FixedClock:
    """A clock for tests: stands still until it is moved, and counts its ids.

    The ids begin with the number of the process: they name real processes too, which another test may look for.
    """

    def __init__(self, start: datetime.datetime | None = None) -> None:
        self._now = start or datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        self._ids = 0

    def now(self) -> datetime.datetime:
        """Tell the time it was set to."""
        return self._now

    def move(self, seconds: float) -> None:
        """Go forward by `seconds`."""
        self._now += datetime.timedelta(seconds=seconds)

    def new_id(self) -> str:
        """Make the next id of this process."""
        self._ids += 1
        return f"{os.getpid():08x}{self._ids:024x}"
