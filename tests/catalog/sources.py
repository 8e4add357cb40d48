"""Cards to test with: small ones of our own, and the real ones where they are at hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

OWN = Path(__file__).parent / "fixtures"
ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("PELAGOS_TEST_CARDS", ROOT.parent / "shared" / "fixtures" / "cards"))

needs_real_cards = pytest.mark.skipif(not REAL.is_dir(), reason="the collection of real cards is not here")


def own(file: str) -> str:
    """The text of one of our own fixtures."""
    return (OWN / file).read_text(encoding="utf-8")


def real(ending: str) -> list[Path]:
    """The real cards of one format."""
    return sorted(REAL.glob(f"*__{ending}")) if REAL.is_dir() else []


def leaves(value: Any) -> Iterator[Any]:
    """All values of a tree that are no mapping and no list."""
    if isinstance(value, dict):
        for member in value.values():
            yield from leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from leaves(member)
    else:
        yield value
