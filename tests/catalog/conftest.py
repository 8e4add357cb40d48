"""Each test of this room that needs one has a catalog of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

import pelagos.db
from catalog import shelf
from pelagos.catalog import sources, store
from pelagos.domain import clock


@pytest.fixture
def cards(database: pelagos.db.Database) -> store.Store:
    """A catalog with three cards."""
    made = store.Store(database)
    made.put(shelf.SHELF)
    return made


@pytest.fixture
def time() -> clock.FixedClock:
    """A clock that is moved by hand."""
    return clock.FixedClock()


@pytest.fixture
def known(cards: store.Store, database: pelagos.db.Database, tmp_path: Path, time: clock.FixedClock) -> sources.Sources:
    """The sources of an empty catalog."""
    return sources.Sources(cards, database, folder=tmp_path / "clones", clock=time)
