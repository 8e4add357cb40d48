"""Open the database: SQLite in WAL mode with one writer at a time and many readers, or a PostgreSQL server.

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
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy

from pelagos.db import postgresql
from pelagos.domain import errors

SAFE_SQLITE = (3, 51, 3)
BUSY_S = 30
"""How long a writer waits for the writer of another process, and a statement for a server."""

_WRITING = "pelagos_writing"


class Database:
    """One database, to be shared by all threads of a process."""

    def __init__(self, url: str, *, patience_s: int = BUSY_S) -> None:
        """Connect at the first use. Raises InvalidInput for an address that is none, MissingExtra without a driver."""
        self.url = _read(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        # Writers of one process queue here in order; SQLite itself would let them wake and collide by chance.
        self._writer = threading.Lock() if self.sqlite else contextlib.nullcontext()
        make = _sqlite_engine if self.sqlite else postgresql.engine
        self._engine = make(self.url, patience_s=patience_s, json_serializer=_json)
        self._reader = self._engine
        if not self.sqlite:
            options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            self._reader = self._engine.execution_options(**options)

    @contextlib.contextmanager
    def read(self) -> Iterator[sqlalchemy.Connection]:
        """Open a short transaction that only reads: one moment's view of everything.

        Raises DatabaseUnreachable, as `write` does, when a server is gone or does not answer in time.
        """
        with self._reachable(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def write(self, alone: str | None = None) -> Iterator[sqlalchemy.Connection]:
        """Open a transaction that may write and commits at the end.

        SQLite has one writer, the others wait. A server has many, so that what was read may have changed before it is
        written; with `alone`, those who gave the same name wait for one another.
        """
        with (
            self._writer,
            self._reachable(),
            self._engine.connect().execution_options(**{_WRITING: True}) as connection,
            connection.begin(),
        ):
            if alone is not None and not self.sqlite:
                postgresql.wait_alone(connection, alone)
            yield connection

    def close(self) -> None:
        """Close all connections, those in use as soon as they are free; may be called twice."""
        # The engine itself would forget those in use, and leave them open.
        sqlalchemy.event.listen(self._engine, "checkin", _close)
        self._engine.dispose()

    @contextlib.contextmanager
    def _reachable(self) -> Iterator[None]:
        try:
            yield
        except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.InterfaceError, sqlalchemy.exc.TimeoutError) as error:
            if self.sqlite:
                raise
            said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
            raise errors.DatabaseUnreachable(f"The database does not answer: {said}") from error


def sqlite_module() -> Any:
    """Give the newest SQLite at hand, as a DB-API module."""
    if sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return sqlite3
    try:
        return importlib.import_module("pysqlite3")
    except ModuleNotFoundError:
        return sqlite3


def _close(_connection: object, record: sqlalchemy.pool.ConnectionPoolEntry) -> None:
    record.invalidate()


def _read(url: str) -> sqlalchemy.URL:
    try:
        read = sqlalchemy.make_url(url)
        if read.drivername.partition("+")[0] == "postgres":
            read = read.set(drivername="postgresql")
        backend = read.get_backend_name()
    except sqlalchemy.exc.ArgumentError:
        backend = None
    if backend not in ("sqlite", "postgresql"):
        # The address may hold a password, so it is not said again.
        raise errors.InvalidInput({"database": ["is no address; expected postgresql://user@host/name"]})
    return read


def _json(value: Any) -> str:
    # Readable, so that a search for "ü" finds it.
    return json.dumps(value, ensure_ascii=False)


def _sqlite_engine(url: sqlalchemy.URL, *, patience_s: int, json_serializer: Callable[[Any], str]) -> sqlalchemy.Engine:
    module = sqlite_module()
    engine = sqlalchemy.create_engine(
        url, module=module, connect_args={"timeout": patience_s}, pool_size=4, json_serializer=json_serializer
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
