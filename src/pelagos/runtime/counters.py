"""Count what the server does and write it in the text format of Prometheus.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

Gauges = Mapping[str, tuple[str, str, Mapping[str, float]]]
"""By name: kind (gauge or counter), help, and values by label text such as `module="flowers"`."""


class Counters:
    """The numbers of one server process; touched by its event loop only."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, int], int] = {}
        self._latencies: dict[str, _Histogram] = {}
        self.in_flight = 0
        self.upload_bytes = 0

    def observe(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        key = (route, status)
        self._requests[key] = self._requests.get(key, 0) + 1
        histogram = self._latencies.get(route)
        if histogram is None:
            histogram = self._latencies[route] = _Histogram()
        histogram.add(seconds)

    def text(self, more: Gauges) -> str:
        """Write everything; `more` are the numbers that are looked up, not counted."""
        requests = {f'route="{_escaped(r)}",status="{s}"': float(n) for (r, s), n in self._requests.items()}
        named: dict[str, tuple[str, str, Mapping[str, float]]] = {
            "pelagos_requests_total": ("counter", "Requests answered.", requests),
            "pelagos_requests_in_flight": ("gauge", "Requests being worked on.", {"": float(self.in_flight)}),
            "pelagos_upload_bytes_total": ("counter", "Bytes received in bodies.", {"": float(self.upload_bytes)}),
            **more,
        }
        lines = [line for name, (kind, about, values) in named.items() for line in _lines(name, kind, about, values)]
        return "\n".join([*lines, *self._latency_lines()]) + "\n"

    def _latency_lines(self) -> Iterable[str]:
        name = "pelagos_request_seconds"
        yield f"# HELP {name} Time from a request's first byte to its answer's last."
        yield f"# TYPE {name} histogram"
        for route, histogram in self._latencies.items():
            yield from histogram.lines(name, f'route="{_escaped(route)}"')


class _Histogram:
    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS_S) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        self._counts[bisect.bisect_left(BOUNDS_S, seconds)] += 1
        self._sum += seconds

    def lines(self, name: str, labels: str) -> Iterable[str]:
        total = 0
        for bound, count in zip([*map(str, BOUNDS_S), "+Inf"], self._counts, strict=True):
            total += count
            yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
        yield f"{name}_sum{{{labels}}} {self._sum:.6f}"
        yield f"{name}_count{{{labels}}} {total}"


def _lines(name: str, kind: str, about: str, values: Mapping[str, float]) -> Iterable[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:g}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
