"""Which databases a test is run on: `databases.BOTH` for one test, `databases.on_both` for a folder of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines import postgresql

KINDS = ("sqlite", "postgresql")
BOTH = pytest.mark.parametrize("database_url", KINDS, indirect=True)


def on_both(metafunc: pytest.Metafunc) -> None:
    """Run all tests of a folder that open a database on both; to be the `pytest_generate_tests` of its conftest."""
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", KINDS, indirect=True)


@contextlib.contextmanager
def fresh(request: pytest.FixtureRequest, folder: Path, template: str = postgresql.MIGRATED) -> Iterator[str]:
    """Give the address of a fresh database of the kind that a fixture is parametrised by; without that, of SQLite.

    One of SQLite is empty, one of PostgreSQL as its template.
    """
    if getattr(request, "param", "sqlite") == "sqlite":
        yield f"sqlite:///{folder}/pelagos.sqlite"
        return
    server: postgresql.Server = request.getfixturevalue("postgresql_server")
    with server.database(template) as url:
        yield url
