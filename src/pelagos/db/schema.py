"""Which version of the tables this program needs, and how a database gets there.

Alembic is not imported here: it costs a server 12 MB and 0.1 s for something that happens once in a release. One read
tells whether the database is current; if not, a short-lived child process brings it up to date. A new SQLite database,
which every first start makes, skips even that: it gets the tables from `head.sql`, the picture of what the migrations
lead to (`python -m pelagos.db.migrate --picture` draws it, a test compares the two).
"""

from __future__ import annotations

import pathlib
import subprocess
import sys

import sqlalchemy

from pelagos.db import connection
from pelagos.domain import errors

METADATA = sqlalchemy.MetaData()
"""The tables of all rooms."""
HEAD = "0003"
"""The newest migration; a test holds it to `migrations/versions`."""
PICTURE = pathlib.Path(__file__).parent / "migrations" / "head.sql"
BETWEEN_STATEMENTS = "\n--\n"
MIGRATION_TIMEOUT_S = 600


class NotMigrated(errors.PelagosError):
    """The database could not be brought up to date."""

    code = "not_migrated"


def connect(url: str) -> connection.Database:
    """Open a database that is up to date, migrating it first when it is not. NotMigrated says why that failed."""
    database = connection.Database(url)
    if version(database) is None and database.sqlite:
        _draw(database)
    if version(database) != HEAD:
        database.close()
        _migrate(url)
        return connection.Database(url)
    return database


def version(database: connection.Database) -> str | None:
    """Tell which migration a database has reached; None for an empty one."""
    with database.read() as reading:
        return _version(reading)


def _version(connected: sqlalchemy.Connection) -> str | None:
    if not sqlalchemy.inspect(connected).has_table("alembic_version"):
        return None
    found: str | None = connected.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _draw(database: connection.Database) -> None:
    """Make all tables of an empty database, unless another process has just done so."""
    with database.write() as writing:
        if _version(writing) is not None or sqlalchemy.inspect(writing).get_table_names():
            return
        for statement in PICTURE.read_text(encoding="utf-8").split(BETWEEN_STATEMENTS):
            writing.exec_driver_sql(statement)
        writing.execute(sqlalchemy.text("INSERT INTO alembic_version VALUES (:head)"), {"head": HEAD})


def _migrate(url: str) -> None:
    # The address may hold a password: through standard input it shows up in no process list.
    done = subprocess.run(
        [sys.executable, "-m", "pelagos.db.migrate", "-"],
        input=url,
        text=True,
        capture_output=True,
        timeout=MIGRATION_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise NotMigrated(_told(done.stderr))


def _told(stderr: str) -> str:
    """Find the error's own line, which SQLAlchemy puts above the statement and a link to its documentation."""
    lines = [line for line in stderr.strip().splitlines() if not line.startswith(("[SQL", "(Background"))]
    return lines[-1] if lines else "the migration failed"
