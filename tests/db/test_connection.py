"""Writers that do not overwrite one another, readers that wait for nobody, servers that come and go."""

from __future__ import annotations

import contextlib
import platform
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
from engines import postgresql
from pelagos.db import connection
from pelagos.domain import errors


@pytest.fixture
def database(database_url: str) -> Iterator[connection.Database]:
    """A database with one table of numbers."""
    made = connection.Database(database_url)
    with made.write() as writing:
        writing.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
        writing.exec_driver_sql("INSERT INTO numbers VALUES (0)")
    yield made
    made.close()


def at_once(act: Callable[[], None], threads: int) -> None:
    """Do the same in several threads."""
    started = [threading.Thread(target=act) for _ in range(threads)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def number(database: connection.Database) -> int:
    """The number in the table."""
    with database.read() as reading:
        return int(reading.execute(sa.text("SELECT number FROM numbers")).scalar_one())


@databases.BOTH
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

    def test_alone_lets_no_other_write_come_between_its_read_and_its_write(self, database: connection.Database) -> None:
        def count() -> None:
            for _ in range(20):
                with database.write(alone="numbers") as writing:
                    seen = writing.execute(sa.text("SELECT number FROM numbers")).scalar_one()
                    writing.execute(sa.text("UPDATE numbers SET number = :next"), {"next": seen + 1})

        at_once(count, threads=4)

        assert number(database) == 80


@databases.BOTH
class TestRead:
    def test_is_not_kept_waiting_by_a_writer(self, database: connection.Database) -> None:
        with database.write() as writing:
            writing.exec_driver_sql("UPDATE numbers SET number = 1")

            seen = number(database)

        assert seen == 0

    @pytest.mark.skipif(
        connection.sqlite_module().sqlite_version_info < connection.SAFE_SQLITE,
        reason="with the old journal readers and writers take turns",
    )
    def test_is_one_moment_whatever_is_written_meanwhile(self, database: connection.Database) -> None:
        with database.read() as reading:
            before = reading.execute(sa.text("SELECT number FROM numbers")).scalar_one()
            with database.write() as writing:
                writing.exec_driver_sql("UPDATE numbers SET number = 1")
            after = reading.execute(sa.text("SELECT number FROM numbers")).scalar_one()

        assert (before, after) == (0, 0)
        assert number(database) == 1


@databases.BOTH
class TestClose:
    def test_closes_what_is_in_use_as_soon_as_it_is_free(self, database: connection.Database) -> None:
        with database.read() as reading:
            used = reading.connection.driver_connection
            assert used is not None
            database.close()

            assert reading.execute(sa.text("SELECT number FROM numbers")).scalar_one() == 0
        with pytest.raises(Exception, match="closed"):
            used.cursor()


class TestSqlite:
    @pytest.mark.parametrize("wheel", ["as installed", "missing"])
    def test_keeps_a_write_ahead_log_only_where_that_is_safe(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: str
    ) -> None:
        if wheel == "missing":
            # As where there is none, on aarch64 say: importing it fails.
            monkeypatch.setitem(sys.modules, "pysqlite3", None)
        with contextlib.closing(connection.Database(f"sqlite:///{tmp_path / 'new.db'}")) as database:
            with database.write() as writing:
                writing.execute(sa.text("CREATE TABLE numbers (number INTEGER)"))
            with database.read() as reading:
                mode = reading.execute(sa.text("PRAGMA journal_mode")).scalar_one()
                version = reading.execute(sa.text("SELECT sqlite_version()")).scalar_one()

        safe = tuple(int(part) for part in version.split(".")) >= connection.SAFE_SQLITE
        assert mode == ("wal" if safe else "truncate")
        assert safe or wheel == "missing" or platform.machine() != "x86_64"

    def test_holds_references_to_account(self, database: connection.Database) -> None:
        with database.read() as reading:
            assert reading.execute(sa.text("PRAGMA foreign_keys")).scalar_one() == 1


class TestAddress:
    @pytest.mark.parametrize("url", ["", "postgresql", "mysql://a:secret@b/c", "odd+driver://b"])
    def test_that_is_none_is_refused_without_being_said_again(self, url: str) -> None:
        with pytest.raises(errors.InvalidInput, match="expected postgresql://") as caught:
            connection.Database(url)

        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
    def test_may_name_postgresql_in_the_usual_ways(self, scheme: str, postgresql_server: postgresql.Server) -> None:
        database = connection.Database(postgresql_server.url("postgres").replace("postgresql", scheme, 1))

        with database.read() as reading:
            assert reading.execute(sa.text("SELECT 1")).scalar_one() == 1
        database.close()


class TestPostgresql:
    @pytest.fixture
    def url(self, postgresql_server: postgresql.Server) -> Iterator[str]:
        with postgresql_server.database() as made:
            yield made

    def test_keeps_a_text_with_a_nul(self, url: str) -> None:
        database = connection.Database(url)

        with database.write() as writing:
            kept = writing.execute(sa.select(sa.cast(sa.literal("a\0b"), sa.Text))).scalar_one()

        assert kept == "a\N{REPLACEMENT CHARACTER}b"
        database.close()

    def test_ends_what_takes_too_long(self, url: str) -> None:
        database = connection.Database(url, patience_s=1)

        with pytest.raises(errors.DatabaseUnreachable, match="statement timeout"), database.read() as reading:
            reading.execute(sa.text("SELECT pg_sleep(60)"))

        database.close()

    def test_says_that_it_does_not_let_us_write_while_reading(self, url: str) -> None:
        database = connection.Database(url)

        with pytest.raises(sa.exc.DBAPIError, match="read-only"), database.read() as reading:
            reading.exec_driver_sql("CREATE TABLE a (b INTEGER)")

        database.close()

    def test_takes_more_threads_than_connections(self, url: str) -> None:
        database = connection.Database(url)
        seen: list[int] = []

        def ask() -> None:
            with database.read() as reading:
                seen.append(reading.execute(sa.text("SELECT 1 FROM pg_sleep(0.01)")).scalar_one())

        at_once(ask, threads=40)

        assert len(seen) == 40
        database.close()

    def test_works_again_after_the_server_has_died(self) -> None:
        with postgresql.server() as server, server.database() as url:
            database = connection.Database(url)
            with database.write() as writing:
                writing.exec_driver_sql("CREATE TABLE numbers (number INTEGER)")
                writing.exec_driver_sql("INSERT INTO numbers VALUES (7)")

            def write_while_it_dies() -> None:
                with database.write() as writing:
                    writing.exec_driver_sql("UPDATE numbers SET number = 8")
                    server.end()

            with pytest.raises(errors.DatabaseUnreachable):
                write_while_it_dies()
            with pytest.raises(errors.DatabaseUnreachable, match="does not answer"):
                number(database)
            server.start()

            assert number(database) == 7
            database.close()

    def test_names_the_extra_that_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg.types.string", None)

        with pytest.raises(errors.MissingExtra) as caught:
            connection.Database("postgresql:///a")

        assert "pelagos[postgresql]" in caught.value.hint
