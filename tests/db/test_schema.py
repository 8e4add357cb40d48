"""A database gets to the newest version by itself, whoever else is at it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import alembic.autogenerate
import alembic.migration
import alembic.script
import pytest
import sqlalchemy as sa

import pelagos.catalog
import pelagos.db
import pelagos.identity
import pelagos.jobs
import pelagos.orchestrator
from pelagos.db import connection, migrate, schema


def url(folder: Path) -> str:
    """The address of a database in a folder."""
    return f"sqlite:///{folder}/pelagos.db"


def tables(database: connection.Database) -> set[str]:
    """The names of its tables."""
    with database.read() as reading:
        return set(sa.inspect(reading).get_table_names())


class TestConnect:
    def test_makes_all_tables_of_a_new_database(self, tmp_path: Path) -> None:
        database = pelagos.db.connect(url(tmp_path))

        assert tables(database) == {"alembic_version", *pelagos.db.METADATA.tables}
        assert schema.version(database) == schema.HEAD
        database.close()

    def test_brings_an_old_database_up_to_date(self, tmp_path: Path) -> None:
        with connection.Database(url(tmp_path)).write() as writing:
            writing.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")

        database = pelagos.db.connect(url(tmp_path))

        assert schema.version(database) == schema.HEAD
        assert tables(database) == {"alembic_version", *pelagos.db.METADATA.tables}
        database.close()

    def test_changes_nothing_the_second_time(self, tmp_path: Path) -> None:
        pelagos.db.connect(url(tmp_path)).close()
        with connection.Database(url(tmp_path)).read() as reading:
            before = reading.execute(sa.text("SELECT * FROM sqlite_master")).all()

        pelagos.db.connect(url(tmp_path)).close()

        with connection.Database(url(tmp_path)).read() as reading:
            assert reading.execute(sa.text("SELECT * FROM sqlite_master")).all() == before

    def test_says_why_it_could_not_migrate(self, tmp_path: Path) -> None:
        with connection.Database(url(tmp_path)).write() as writing:
            writing.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
            writing.exec_driver_sql("INSERT INTO alembic_version VALUES ('9999')")

        with pytest.raises(pelagos.db.NotMigrated, match="9999"):
            pelagos.db.connect(url(tmp_path))

    def test_works_for_several_processes_at_once(self, tmp_path: Path) -> None:
        script = f"import pelagos.db; pelagos.db.connect({url(tmp_path)!r}).close()"

        at_once = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(4)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0, 0]
        database = connection.Database(url(tmp_path))
        assert schema.version(database) == schema.HEAD
        database.close()

    def test_imports_no_alembic(self, tmp_path: Path) -> None:
        script = (
            f"import sys, pelagos.db; pelagos.db.connect({url(tmp_path)!r}).close(); print('alembic' in sys.modules)"
        )

        said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

        assert said == "False\n"


class TestMigrations:
    def test_lead_to_the_version_that_the_program_needs(self) -> None:
        heads = alembic.script.ScriptDirectory.from_config(migrate.configuration()).get_heads()

        assert heads == [schema.HEAD]

    def test_make_the_tables_that_the_rooms_describe(self, tmp_path: Path) -> None:
        migrate.upgrade(url(tmp_path))
        database = connection.Database(url(tmp_path))

        with database.read() as reading:
            context = alembic.migration.MigrationContext.configure(reading, opts={"compare_type": True})
            differences = alembic.autogenerate.compare_metadata(context, pelagos.db.METADATA)

        assert differences == []
        database.close()

    def test_lead_to_what_the_picture_shows(self) -> None:
        assert schema.PICTURE.read_text(encoding="utf-8") == migrate.picture()

    def test_may_be_run_by_several_processes_at_once(self, tmp_path: Path) -> None:
        command = [sys.executable, "-m", "pelagos.db.migrate", url(tmp_path)]

        at_once = [subprocess.Popen(command) for _ in range(3)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0]
