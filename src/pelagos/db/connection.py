"""Open the database: SQLite in WAL mode with one writer at a time, many readers.

SQLite below 3.51.3 can corrupt a database in WAL mode (https://sqlite.org/wal.html, "the WAL-reset bug"). Where the
interpreter's own is older the `pysqlite3` wheel is used, and where that is missing too the database keeps to the old
rollback journal: slower, but safe.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sqlite3
import threading
from collections.abc import Iterator
from typing import Any

import sqlalchemy

SAFE_SQLITE = (3, 51, 3)
BUSY_S = 30
"""How long a writer waits for the writer of another process."""

_WRITING = "pelagos_writing"


class Database:
    """One database, to be shared by all threads of a process."""

    def __init__(self, url: str) -> None:
        self.url = sqlalchemy.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        # Writers of one process queue here in order; SQLite itself would let them wake and collide by chance.
        self._writer = threading.Lock() if self.sqlite else contextlib.nullcontext()
        self._engine = (
            _sqlite_engine(self.url) if self.sqlite else sqlalchemy.create_engine(self.url, json_serializer=_json)
        )

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlalchemy.Connection]:
        """Open a short transaction that only reads: one moment's view of everything."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlalchemy.Connection]:
        """Open a transaction that may write; it waits for the one writer before it and commits at the end."""
        options = {_WRITING: True}
        with self._writer, self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections; may be called twice."""
        self._engine.dispose()


def sqlite_module() -> Any:
    """Give the newest SQLite at hand, as a DB-API module."""
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return sqlite3
    try:
        return importlib.import_module("pysqlite3")
    except ModuleNotFoundError:
        return sqlite3


def _json(value: Any) -> str:
    # Readable, so that a search for "ü" finds it.
    return json.dumps(value, ensure_ascii=False)


def _sqlite_engine(url: sqlalchemy.URL) -> sqlalchemy.Engine:
    module = sqlite_module()
    engine = sqlalchemy.create_engine(
        url, module=module, connect_args={"timeout": BUSY_S}, pool_size=4, json_serializer=_json
    )
    journal = "WAL" if module.sqlite_version_info >= SAFE_SQLITE else "TRUNCATE"

    @sqlalchemy.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        # The driver would begin transactions by itself, later than we say and never IMMEDIATE.
        connection.isolation_level = None
        for pragma in (f"journal_mode={journal}", "synchronous=FULL", "foreign_keys=ON", "cache_size=-1024"):
            connection.execute(f"PRAGMA {pragma}").close()

    @sqlalchemy.event.listens_for(engine, "begin")
    def begin(connection: sqlalchemy.Connection) -> None:
        writing = connection.get_execution_options().get(_WRITING)
        # A transaction that reads first and writes later would fail when another wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN DEFERRED")

    return engine
