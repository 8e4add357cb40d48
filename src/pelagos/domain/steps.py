"""What something long tells while it goes on: an installation, a download."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of what is being done; with bytes while something is downloaded or unpacked."""

    text: str
    done: int | None = None
    total: int | None = None


Progress = Callable[[Step], None]


def quiet(step: Step) -> None:
    """Tell nobody."""
