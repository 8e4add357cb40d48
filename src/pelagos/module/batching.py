"""How many requests to hand to `predict_batch` at once, learned from the time that real requests took."""

from __future__ import annotations

from typing import Dict

GAIN = 1.1
"""A larger batch must answer this much faster, per request, to be worth it."""
LOOKS = 3
"""Batches timed of every size before it is judged."""
LARGEST = 64


class BatchSize:
    """Climbs through the powers of two while each step pays, and stays at the last that did.

    No input is needed to calibrate: sizes are tried with the requests that wait anyway. The best time of a few looks
    counts, because other work on the machine only ever makes a look slower.
    """

    def __init__(self) -> None:
        self.size = 1
        self._trying = 1
        self._looks: Dict[int, int] = {}
        self._best_s: Dict[int, float] = {}

    @property
    def wanted(self) -> int:
        """How many requests to take, if so many wait."""
        return self._trying

    def learn(self, count: int, seconds: float) -> None:
        """Take note of a batch of `count` that took `seconds`."""
        if count != self._trying:
            return
        each = seconds / count
        self._best_s[count] = min(each, self._best_s.get(count, each))
        self._looks[count] = self._looks.get(count, 0) + 1
        if self._looks[count] == LOOKS:
            self._judge(count)

    def _judge(self, count: int) -> None:
        if count == 1 or self._best_s[self.size] >= GAIN * self._best_s[count]:
            self.size = count
            self._trying = min(2 * count, LARGEST)
        else:
            self._trying = self.size
