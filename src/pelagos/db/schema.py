"""Which version of the tables this program needs, and how a database gets there.

Alembic is not imported here: it costs a server 12 MB and 0.1 s for something that happens once in a release. One read
tells whether the database is current; if not, a short-lived child process brings it up to date.
"""

from __future__ import annotations

import subprocess
import sys

import sqlalchemy

from pelagos.db import connection

METADATA = sqlalchemy.MetaData()
"""The tables of all rooms."""
HEAD = "0001"
"""The newest migration; a test holds it to `migrations/versions`."""
MIGRATION_TIMEOUT_S = 600


class NotMigrated(RuntimeError):
    """The database could not be brought up to date."""


def connect(url: str) -> connection.Database:
    """Open a database that is up to date, migrating it first when it is not. NotMigrated says why that failed."""
    database = connection.Database(url)
    if version(database) != HEAD:
        database.close()
        _migrate(url)
    return database


def version(database: connection.Database) -> str | None:
    """Tell which migration a database has reached; None for an empty one."""
    with database.read() as reading:
        if not sqlalchemy.inspect(reading).has_table("alembic_version"):
            return None
        found: str | None = reading.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
        return found


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
        raise NotMigrated(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the migration failed")
