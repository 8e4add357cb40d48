"""One hub's identity on a database of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import pelagos.db
from pelagos import identity
from pelagos.domain import clock

Make = Callable[[], identity.LocalIdentity]


@pytest.fixture
def time_() -> clock.FixedClock:
    """A clock that is moved by hand."""
    return clock.FixedClock()


@pytest.fixture
def make(database: pelagos.db.Database, tmp_path: Path, time_: clock.FixedClock) -> Make:
    """Make the identity as a hub that has just started would."""
    return lambda: identity.LocalIdentity(database, token_file=tmp_path / "state" / "token", clock=time_)
