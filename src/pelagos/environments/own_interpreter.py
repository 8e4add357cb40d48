"""Modules that are installed in the interpreter Pelagos itself runs in: found by entry point, never imported here."""

from __future__ import annotations

import functools
import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

from pelagos.environments import groups
from pelagos.environments.records import Installed


def modules() -> tuple[Installed, ...]:
    """Give each of them once, native ones first; a source folder on the path may list the same entry a second time."""
    return _modules(tuple((place, _changed_ns(place)) for place in sys.path))


def _changed_ns(place: str) -> int:
    """Tell when something was last installed into a folder of the path, or removed from it."""
    try:
        return Path(place or ".").stat().st_mtime_ns
    except OSError:
        return 0


@functools.lru_cache(maxsize=1)
def _modules(_places: tuple[tuple[str, int], ...]) -> tuple[Installed, ...]:
    # Remembered as long as the path stays as it was: to read all entry points takes 20 ms, and pages ask often.
    return tuple(_found())


def _found() -> Iterator[Installed]:
    seen = set()
    for group, kind in groups.KINDS.items():
        for point in importlib.metadata.entry_points(group=group):
            if point.name not in seen:
                seen.add(point.name)
                yield _installed(kind, point)


def _installed(kind: str, point: importlib.metadata.EntryPoint) -> Installed:
    distribution = point.dist
    return Installed(
        name=point.name,
        kind=kind,
        entry=point.value,
        python=Path(sys.executable),
        distribution="" if distribution is None else distribution.name,
        version="" if distribution is None else distribution.version,
    )
