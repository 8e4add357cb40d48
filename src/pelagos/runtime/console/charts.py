"""Group the metrics of a training into charts: `accuracy` and `val_accuracy` belong in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

POINTS = 2000
"""Rows sent at once to draw the past of a training; a longer past is thinned evenly, its last row kept."""
CHARTS = 16

_PARTS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "eval": "validation",
}
_SPLIT = re.compile(r"[_/.\-]")
_NOT_METRICS = frozenset({"step", "time"})
_FIRST = ("accuracy", "loss")


def names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """List the metrics in some rows, in the order of their first appearance."""
    return [name for name in dict.fromkeys(key for row in rows for key in row) if name not in _NOT_METRICS]


def groups(metrics: Iterable[str]) -> list[dict[str, Any]]:
    """Group metrics: `[{"name": "accuracy", "series": [{"key": "val_accuracy", "label": "validation"}, ...]}]`.

    Accuracy and loss come first, then the others in their own order.
    """
    found: dict[str, list[dict[str, str]]] = {}
    for metric in metrics:
        group, part = _place(metric)
        found.setdefault(group, []).append({"key": metric, "label": part})
    for series in found.values():
        # Beside "validation" a bare name is the training's own figure.
        if len(series) > 1:
            series[:] = [{**one, "label": one["label"] or "train"} for one in series]
        series.sort(key=lambda one: ("train", "validation", "test", "").index(one["label"]))
    ordered = sorted(found, key=lambda group: _FIRST.index(group) if group in _FIRST else len(_FIRST))
    return [{"name": group, "series": found[group]} for group in ordered[:CHARTS]]


def thinned(rows: Sequence[Mapping[str, Any]], limit: int = POINTS) -> list[Mapping[str, Any]]:
    """Keep at most `limit` rows, evenly spread, the last one always."""
    if len(rows) <= limit:
        return list(rows)
    stride = -(-len(rows) // (limit - 1))
    return [*rows[:-1:stride], rows[-1]]


def _place(metric: str) -> tuple[str, str]:
    words = _SPLIT.split(metric)
    if len(words) > 1:
        if words[0].lower() in _PARTS:
            return metric[len(words[0]) + 1 :], _PARTS[words[0].lower()]
        if words[-1].lower() in _PARTS:
            return metric[: -len(words[-1]) - 1], _PARTS[words[-1].lower()]
    return metric, ""
