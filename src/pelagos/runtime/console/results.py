"""Read what a training returned: its headline figures, the confusion matrix and the figures of each class.

Nothing here knows a module: any result with `classes` and `confusion_matrix` (rows are the true classes) is drawn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

MATRIX_CLASSES = 30
"""Larger matrices are told by their largest confusions instead."""
CLASS_ROWS = 100
CONFUSIONS = 20
NOTES = 20

_SHARES = frozenset({"accuracy", "precision", "recall", "f1"})
_SUPPORTS = ("support", "examples", "pictures", "images", "count")
_PER_CLASS = ("per_class", "classes_report", "class_report")


@dataclasses.dataclass(frozen=True)
class Figure:
    """One headline number."""

    name: str
    text: str


@dataclasses.dataclass(frozen=True)
class Cell:
    """One cell of the matrix."""

    count: int | float
    heat: int
    """Share of its row in tenths, for the colour."""


@dataclasses.dataclass(frozen=True)
class Matrix:
    """How often each true class was taken for each class."""

    classes: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    """Empty when there are too many classes to draw."""
    confusions: tuple[tuple[str, str, int | float], ...]
    """(true, taken for, how often), most frequent first."""


@dataclasses.dataclass(frozen=True)
class ClassRow:
    """The figures of one class."""

    name: str
    support: str
    precision: float | None
    recall: float | None
    f1: float | None


def accuracy(result: Any) -> float | None:
    """Find the accuracy in a result: the test set's if it has one, else validation, else what is called so."""
    if not isinstance(result, Mapping):
        return None
    for key in ("test_accuracy", "accuracy", "val_accuracy", "validation_accuracy"):
        value = result.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return None


def figures(result: Any) -> tuple[Figure, ...]:
    """List the plain numbers of a result: shares first and as percentages, the others in their own order."""
    if not isinstance(result, Mapping):
        return ()
    numbers = [(str(key), value) for key, value in result.items() if _number(value)]
    numbers.sort(key=lambda pair: not _is_share(*pair))
    return tuple(Figure(key.replace("_", " "), _written(key, value)) for key, value in numbers[:12])


def notes(result: Any) -> tuple[str, ...]:
    """List the sentences that a module says with its result, under the key `notes`."""
    said = result.get("notes") if isinstance(result, Mapping) else None
    return tuple(str(note) for note in said[:NOTES]) if isinstance(said, list) else ()


def matrix(result: Any) -> Matrix | None:
    """Read the confusion matrix; None when there is none, or when it does not fit its classes."""
    found = _counts(result)
    if found is None:
        return None
    classes, counts = found
    pairs = [
        (classes[true], classes[said], count)
        for true, row in enumerate(counts)
        for said, count in enumerate(row)
        if true != said and count
    ]
    confusions = tuple(sorted(pairs, key=lambda pair: -pair[2])[:CONFUSIONS])
    drawn = counts if len(classes) <= MATRIX_CLASSES else []
    return Matrix(tuple(classes), tuple(_row(row) for row in drawn), confusions)


def per_class(result: Any) -> tuple[ClassRow, ...]:
    """Give precision, recall and F1 of each class: as the module says, or reckoned from the matrix."""
    if not isinstance(result, Mapping):
        return ()
    said = next((result[key] for key in _PER_CLASS if key in result), None)
    rows = _said(said)
    if not rows:
        found = _counts(result)
        rows = [] if found is None else _reckoned(*found)
    return tuple(rows[:CLASS_ROWS])


def percent(share: float | None) -> str:
    """Write a share for people; a dash when there is none."""
    return "-" if share is None else f"{share * 100:.1f} %"


def _counts(result: Any) -> tuple[list[str], list[list[float]]] | None:
    if not isinstance(result, Mapping):
        return None
    classes, counts = result.get("classes"), result.get("confusion_matrix")
    if not isinstance(classes, list) or not isinstance(counts, list) or not classes or len(counts) != len(classes):
        return None
    if not all(isinstance(row, list) and len(row) == len(classes) and all(map(_number, row)) for row in counts):
        return None
    return [str(name) for name in classes], counts


def _row(row: Sequence[float]) -> tuple[Cell, ...]:
    total = sum(row) or 1
    return tuple(Cell(count, min(10, round(10 * max(count, 0) / total))) for count in row)


def _said(said: Any) -> list[ClassRow]:
    if isinstance(said, Mapping):
        said = [{"class": name, **figures} for name, figures in said.items() if isinstance(figures, Mapping)]
    if not isinstance(said, list) or not all(isinstance(item, Mapping) for item in said):
        return []
    return [
        ClassRow(
            str(item.get("class", item.get("name", item.get("label", place)))),
            str(next((item[key] for key in _SUPPORTS if key in item), "")),
            *(_share(item.get(key)) for key in ("precision", "recall", "f1")),
        )
        for place, item in enumerate(said)
    ]


def _reckoned(classes: Sequence[str], counts: Sequence[Sequence[float]]) -> list[ClassRow]:
    rows = []
    for place, name in enumerate(classes):
        right, support = counts[place][place], sum(counts[place])
        taken = sum(row[place] for row in counts)
        precision, recall = _ratio(right, taken), _ratio(right, support)
        f1 = _ratio(2 * right, taken + support)
        rows.append(ClassRow(name, f"{support:g}", precision, recall, f1))
    return rows


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _share(value: Any) -> float | None:
    return float(value) if _number(value) else None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _written(key: str, value: float) -> str:
    if _is_share(key, value):
        return percent(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _is_share(key: str, value: float) -> bool:
    return key.rpartition("_")[2] in _SHARES and 0 <= value <= 1
