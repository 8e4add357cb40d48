"""One writer, many readers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from pelagos.db import connection


@pytest.fixture
def database(tmp_path: Path) -> Iterator[connection.Database]:
    """A database with one table of numbers."""
    made = connection.Database(f"sqlite:///{tmp_path}/a.db")
    with made.write() as writing:
        writing.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
        writing.exec_driver_sql("INSERT INTO numbers VALUES (0)")
    yield made
    made.close()


def number(database: connection.Database) -> int:
    """The number in the table."""
    with database.read() as reading:
        return int(reading.execute(sa.text("SELECT number FROM numbers")).scalar_one())


class TestWrite:
    def test_commits_at_its_end(self, database: connection.Database) -> None:
        with database.write() as writing:
            writing.exec_driver_sql("UPDATE numbers SET number = 1")

        assert number(database) == 1

    def test_leaves_nothing_behind_when_it_fails(self, database: connection.Database) -> None:
        def fail_halfway() -> None:
            with database.write() as writing:
                writing.exec_driver_sql("UPDATE numbers SET number = 1")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_halfway()

        assert number(database) == 0

    def test_lets_no_other_write_come_between_its_read_and_its_write(self, database: connection.Database) -> None:
        def count() -> None:
            for _ in range(20):
                with database.write() as writing:
                    seen = writing.execute(sa.text("SELECT number FROM numbers")).scalar_one()
                    writing.execute(sa.text("UPDATE numbers SET number = :next"), {"next": seen + 1})

        threads = [threading.Thread(target=count) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert number(database) == 80


class TestRead:
    def test_is_not_kept_waiting_by_a_writer(self, database: connection.Database) -> None:
        with database.write() as writing:
            writing.exec_driver_sql("UPDATE numbers SET number = 1")

            seen = number(database)

        assert seen == 0


class TestSqlite:
    def test_is_new_enough_for_the_write_ahead_log(self, database: connection.Database) -> None:
        with database.read() as reading:
            mode = reading.execute(sa.text("PRAGMA journal_mode")).scalar_one()
            version = reading.execute(sa.text("SELECT sqlite_version()")).scalar_one()

        assert mode == "wal"
        assert tuple(int(part) for part in version.split(".")) >= connection.SAFE_SQLITE

    def test_holds_references_to_account(self, database: connection.Database) -> None:
        with database.read() as reading:
            assert reading.execute(sa.text("PRAGMA foreign_keys")).scalar_one() == 1
