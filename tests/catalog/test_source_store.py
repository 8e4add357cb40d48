"""Sources in the database: read back as written."""

from __future__ import annotations

import datetime

import databases
import pelagos.db
from pelagos.catalog import faults, source_store
from pelagos.catalog.source_store import Kind


@databases.BOTH
class TestStore:
    def test_keeps_all_that_is_known(self, database: pelagos.db.Database) -> None:
        kept = source_store.SourceStore(database)
        now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        fault = faults.Fault("b/module.toml", "No.", "Yes.", "title", 3, 4, module="b")
        made = source_store.Source("a", Kind.GIT, "https://example.org/a", now, "c0ffee", now, now, "no", (fault,))

        kept.add(made)

        assert kept.get("a") == made
        assert kept.all() == (made,)
