"""A module whose answer comes in pieces."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated, Any

from pelagos.module import Arg, Module


class Talking(Module):
    """Counts aloud."""

    def predict(
        self,
        words: Annotated[int, Arg("how many", ge=1, le=100)] = 3,
        pause_s: Annotated[float, Arg("between two of them", ge=0, unit="s")] = 0.0,
    ) -> Iterator[Any]:
        """Give one word after the other."""
        for number in range(1, words + 1):
            yield f"word {number} <b>bold</b> "
            time.sleep(pause_s)
