"""A database gets to the newest version by itself, whoever else is at it."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import alembic.script
import pytest
import sqlalchemy as sa

import databases
import pelagos.catalog
import pelagos.db
import pelagos.identity
import pelagos.jobs
import pelagos.orchestrator
from engines import postgresql
from pelagos.db import connection, migrate, schema


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables, which the fixture of that name for all rooms does not give."""
    with databases.fresh(request, tmp_path, postgresql.EMPTY) as url:
        yield url


def tables(database: connection.Database) -> set[str]:
    """The names of its tables."""
    with database.read() as reading:
        return set(sa.inspect(reading).get_table_names())


@databases.BOTH
class TestConnect:
    def test_makes_all_tables_of_a_new_database(self, database_url: str) -> None:
        database = pelagos.db.connect(database_url)

        assert tables(database) == {"alembic_version", *pelagos.db.METADATA.tables}
        assert schema.version(database) == schema.HEAD
        database.close()

    def test_brings_an_old_database_up_to_date(self, database_url: str) -> None:
        with contextlib.closing(connection.Database(database_url)) as empty, empty.write() as writing:
            writing.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")

        database = pelagos.db.connect(database_url)

        assert schema.version(database) == schema.HEAD
        assert tables(database) == {"alembic_version", *pelagos.db.METADATA.tables}
        database.close()

    def test_changes_nothing_the_second_time(self, database_url: str) -> None:
        database = pelagos.db.connect(database_url)
        inside = "sqlite_master" if database.sqlite else "pg_class WHERE relnamespace = 'public'::regnamespace"
        everything = sa.text(f"SELECT * FROM {inside}")
        with database.read() as reading:
            before = sorted(map(str, reading.execute(everything)))

        pelagos.db.connect(database_url).close()

        with database.read() as reading:
            assert sorted(map(str, reading.execute(everything))) == before
        database.close()

    def test_says_why_it_could_not_migrate(self, database_url: str) -> None:
        with contextlib.closing(connection.Database(database_url)) as empty, empty.write() as writing:
            writing.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            writing.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")

        with pytest.raises(pelagos.db.NotMigrated, match="9999"):
            pelagos.db.connect(database_url)

    def test_works_for_several_processes_at_once(self, database_url: str) -> None:
        script = f"import pelagos.db; pelagos.db.connect({database_url!r}).close()"

        at_once = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(3)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0]
        database = connection.Database(database_url)
        assert schema.version(database) == schema.HEAD
        database.close()

    def test_imports_no_alembic(self, database_url: str) -> None:
        script = (
            f"import sys, pelagos.db; pelagos.db.connect({database_url!r}).close(); print('alembic' in sys.modules)"
        )

        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

        assert said == "False\n"


class TestMigrations:
    def test_lead_to_the_version_that_the_program_needs(self) -> None:
        heads = alembic.script.ScriptDirectory.from_config(migrate.configuration()).get_heads()

        assert heads == [schema.HEAD]

    @databases.BOTH
    def test_make_the_tables_that_the_rooms_describe(self, database_url: str) -> None:
        migrate.upgrade(database_url)
        database = connection.Database(database_url)

        with database.read() as reading:
            context = alembic.migration.MigrationContext.configure(reading, opts={"compare_type": True})
            differences = alembic.autogenerate.compare_metadata(context, pelagos.db.METADATA)

        assert differences == []
        database.close()

    def test_lead_to_what_the_picture_shows(self) -> None:
        assert schema.PICTURE.read_text(encoding="utf-8") == migrate.picture()

    @databases.BOTH
    def test_may_be_run_by_several_processes_at_once(self, database_url: str) -> None:
        command = [sys.executable, "-m", "pelagos.db.migrate", database_url]

        at_once = [subprocess.Popen(command) for _ in range(3)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0]
