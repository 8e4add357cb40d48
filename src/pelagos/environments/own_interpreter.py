"""Modules that are installed in the interpreter Pelagos itself runs in: found by entry point, never imported here."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from pathlib import Path

from pelagos.environments import groups
from pelagos.environments.records import Installed


def modules() -> Iterator[Installed]:
    """Give each of them once, native ones first; a source folder on the path may list the same entry a second time."""
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
