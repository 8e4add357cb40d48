"""How many requests to hand to `predict_batch` at once, learned from the time that real requests took."""

from __future__ import annotations

from typing import List, Tuple

GAIN = 1.1
"""A larger batch must answer this much faster, per request, to be worth the longer wait of its first request."""
LOSS = 1.03
"""Pairs must be this much slower not to be worth it: the author of `predict_batch` says that it pays."""
LOOKS = 32
"""Batches timed of each of two sizes before they are judged by their medians, when neither is plainly better."""
FEW = 4
"""Batches of each size that suffice when all of one size were better than all of the other."""
LARGEST = 64


class BatchSize:
    """Climbs through the powers of two while each step pays, and stays at the last that did.

    No input is needed to calibrate: sizes are tried with the requests that wait anyway, a batch of the size in use
    after each of the size in question, so that other work on the machine slows both alike.
    """

    def __init__(self) -> None:
        self.size = 1
        """What has been found best so far."""
        self.trying = 2
        """What is compared with it; the same when all is learned."""
        self._each_s: Tuple[List[float], List[float]] = ([], [])

    @property
    def looked_at(self) -> int:
        """How many that wait make a difference."""
        return self.trying + self.size

    def wanted(self, waiting: int) -> int:
        """Tell how many of the requests that wait to take; a larger size is tried only where trying costs no pause.

        If fewer waited behind the larger batch than are taken now, the worker might find nothing after it.
        """
        small, large = self._each_s
        return self.size if len(small) < len(large) or waiting < self.looked_at else self.trying

    def learn(self, count: int, seconds: float) -> None:
        """Take note of a batch of `count` that took `seconds`."""
        if self.trying == self.size or count not in (self.size, self.trying):
            return
        each_s = self._each_s[count == self.trying]
        each_s.append(seconds / count)
        del each_s[:-LOOKS]
        if min(map(len, self._each_s)) >= FEW:
            self._judge(*self._each_s)

    def _judge(self, small: List[float], large: List[float]) -> None:
        apart = max(large) < min(small) or max(small) < min(large)
        if not apart and min(len(small), len(large)) < LOOKS:
            return
        self._each_s = ([], [])
        wanted = GAIN if self.size > 1 else 1 / LOSS
        if _median(small) >= wanted * _median(large):
            self.size, self.trying = self.trying, min(2 * self.trying, LARGEST)
        else:
            self.trying = self.size


def _median(values: List[float]) -> float:
    # `statistics` would cost every worker and every server 10 ms at its start.
    return sorted(values)[len(values) // 2]
