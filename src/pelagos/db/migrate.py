"""Bring a database up to date: `python -m pelagos.db.migrate URL`, or `-` to read the URL from standard input.

`--picture` instead of a URL prints what belongs into `migrations/head.sql` (see `schema`).
"""

from __future__ import annotations

import contextlib
import fcntl
import pathlib
import sys
import tempfile
from collections.abc import Iterator, Sequence

import alembic.command
import alembic.config
import sqlalchemy

from pelagos.db import connection, schema

MIGRATIONS = pathlib.Path(__file__).parent / "migrations"


def main(arguments: Sequence[str]) -> int:
    """Migrate the database of one URL; the exit code is 0 when it is up to date."""
    if arguments[0] == "--picture":
        sys.stdout.write(picture())
        return 0
    upgrade(sys.stdin.read().strip() if arguments[0] == "-" else arguments[0])
    return 0


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision`. Several processes may call this at once: one does it, the others wait."""
    database = connection.Database(url, patience_s=schema.MIGRATION_TIMEOUT_S)
    with _alone(database.url):
        config = configuration()
        with database.write(alone="migrations") as writing:
            config.attributes["connection"] = writing
            alembic.command.upgrade(config, revision)
    database.close()


def picture() -> str:
    """Give the statements that make at once what all migrations make in SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/picture.db"
        upgrade(url)
        database = connection.Database(url)
        with database.read() as reading:
            made = sqlalchemy.text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid")
            statements = [
                str(statement).replace("\t", "    ").replace(" \n", "\n")
                for statement in reading.execute(made).scalars()
            ]
        database.close()
    return schema.BETWEEN_STATEMENTS.join(statements) + "\n"


def configuration() -> alembic.config.Config:
    """Give Alembic's settings: where the migrations are."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextlib.contextmanager
def _alone(url: sqlalchemy.URL) -> Iterator[None]:
    """Hold the lock of a SQLite database's migrations; in a server the transaction is alone."""
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    with pathlib.Path(f"{url.database}.migrating").open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
