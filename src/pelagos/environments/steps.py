"""What an installation tells while it goes on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of what is being done; with bytes while something is downloaded."""

    text: str
    done: int | None = None
    total: int | None = None


Progress = Callable[[Step], None]


def quiet(step: Step) -> None:
    """Tell nobody."""
