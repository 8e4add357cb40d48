"""What commands print: tables, sizes, durations, JSON. Plain text, so that it needs nothing but Python."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import enum
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pelagos.environments import Progress, Step

_UNPRINTABLE = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160), *range(0xD800, 0xE000)], "\ufffd")
"""Signs that steer a terminal, and halves of characters: what others wrote must not bring them there."""


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows in columns that are as wide as they need."""
    lines = [[str(cell).translate(_UNPRINTABLE) for cell in row] for row in [head, *rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def as_json(value: Any) -> None:
    """Print a value for programs: one JSON document, indented."""
    print(json.dumps(value, default=_plain, indent=2, ensure_ascii=False))


def json_line(value: Any) -> None:
    """Print a value as one line of JSON."""
    print(json.dumps(value, default=_plain, ensure_ascii=False), flush=True)


def note(text: str) -> None:
    """Say something to the person, apart from the results: on standard error."""
    print(text.translate(_UNPRINTABLE), file=sys.stderr, flush=True)


def size(size_bytes: float) -> str:
    """Write a size: 17.3 MB."""
    for unit in ("B", "kB", "MB"):
        if size_bytes < 1000:
            return f"{size_bytes:.0f} {unit}" if unit == "B" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} GB"


def duration(seconds: float) -> str:
    """Write a time span: 3.2 s, 4:05 min, 2:10:00 h."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def number(value: Any) -> str:
    """Write a number with four digits; a dash for what is none."""
    return "-" if value is None else f"{value:.4g}"


def moment(time: datetime.datetime | None) -> str:
    """Write a time as the clock on the wall shows it."""
    return "-" if time is None else time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def answer(value: Any, *, title: str = "") -> None:
    """Print what a module answered: classes with their probabilities as a table, everything else as JSON."""
    if title:
        print(title)
    labels, probabilities = (
        (value.get("labels"), value.get("probabilities")) if isinstance(value, dict) else (None, None)
    )
    if isinstance(labels, list) and isinstance(probabilities, list) and len(labels) == len(probabilities):
        table(
            ("CLASS", "PROBABILITY"),
            [(label, f"{share:.1%}") for label, share in zip(labels, probabilities, strict=True)],
        )
    else:
        as_json(value)


@contextlib.contextmanager
def bar(total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """Show a bar on standard error while something is counted up to `total`; give the function that sets it."""
    try:
        from rich import console, progress
    except ModuleNotFoundError:
        yield lambda _: None
        return
    columns = (
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=console.Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=total)
        yield lambda done: shown.update(task, completed=done)


@contextlib.contextmanager
def installing() -> Iterator[Progress]:
    """Show the steps of an installation: on a terminal with a bar, otherwise a line each."""
    if not sys.stderr.isatty():
        yield _line
        return
    try:
        from rich import console, progress
    except ModuleNotFoundError:
        yield _line
        return
    columns = (progress.SpinnerColumn(), progress.TextColumn("{task.description}"), progress.BarColumn())
    shown = progress.Progress(*columns, progress.DownloadColumn(), console=console.Console(stderr=True), transient=True)
    with shown:
        task = shown.add_task("Starting", total=None)

        def tell(step: Step) -> None:
            text = step.text if len(step.text) <= 60 else f"{step.text[:59]}…"
            shown.update(task, description=text, completed=step.done or 0, total=step.total)

        yield tell


def _line(step: Step) -> None:
    # Every hundredth of a download is for bars only.
    if step.done is None:
        note(f"  {step.text}")


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dict(value)
