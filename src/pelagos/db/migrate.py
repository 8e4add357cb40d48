"""Bring a database up to date: `python -m pelagos.db.migrate URL`, or `-` to read the URL from standard input."""

from __future__ import annotations

import contextlib
import fcntl
import pathlib
import sys
from collections.abc import Iterator, Sequence

import alembic.command
import alembic.config
import sqlalchemy

from pelagos.db import connection

MIGRATIONS = pathlib.Path(__file__).parent / "migrations"


def main(arguments: Sequence[str]) -> int:
    """Migrate the database of one URL; the exit code is 0 when it is up to date."""
    url = sys.stdin.read().strip() if arguments[0] == "-" else arguments[0]
    upgrade(url)
    return 0


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations up to `revision`. Several processes may call this at once: one does it, the others wait."""
    database = connection.Database(url)
    with _alone(database.url):
        config = configuration()
        with database.write() as writing:
            config.attributes["connection"] = writing
            alembic.command.upgrade(config, revision)
    database.close()


def configuration() -> alembic.config.Config:
    """Give Alembic's settings: where the migrations are."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


@contextlib.contextmanager
def _alone(url: sqlalchemy.URL) -> Iterator[None]:
    """Hold the lock of a SQLite database's migrations; a server database has its own (see `migrations/env.py`)."""
    if url.get_backend_name() != "sqlite" or not url.database:
        yield
        return
    with pathlib.Path(f"{url.database}.migrating").open("w", encoding="ascii") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
