"""Each test of this room that needs one has a catalog of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import pelagos.db
from catalog import shelf
from pelagos.catalog import store


@pytest.fixture
def database(database_url: str) -> Iterator[pelagos.db.Database]:
    """An empty database."""
    made = pelagos.db.connect(database_url)
    yield made
    made.close()


@pytest.fixture
def cards(database: pelagos.db.Database) -> store.Store:
    """A catalog with three cards."""
    made = store.Store(database)
    made.put(shelf.SHELF)
    return made
