"""What is said to PostgreSQL and to no other database (https://www.postgresql.org/docs/current/)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import sqlalchemy

from pelagos.domain import errors

POOLED, MORE_AT_MOST = 5, 15
"""Connections of one process that stay open, and how many more may be opened for a while."""
CONNECT_S = 5
LIFE_S = 1800
"""Age at which a connection is opened anew: what stands between may forget old ones."""


def engine(url: sqlalchemy.URL, *, patience_s: int, json_serializer: Callable[[Any], str]) -> sqlalchemy.Engine:
    """Make an engine that finds its way back when the server was gone; raises MissingExtra without a driver."""
    made = sqlalchemy.create_engine(
        url.set(drivername="postgresql+psycopg"),
        json_serializer=json_serializer,
        isolation_level="READ COMMITTED",
        pool_size=POOLED,
        max_overflow=MORE_AT_MOST,
        pool_timeout=patience_s,
        pool_recycle=LIFE_S,
        # A connection that the server has closed meanwhile is replaced before it is used.
        pool_pre_ping=True,
        connect_args={name: value for name, value in _told(patience_s).items() if name not in url.query},
    )
    dumper = _dumper()

    @sqlalchemy.event.listens_for(made, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.adapters.register_dumper(str, dumper)

    return made


def wait_alone(writing: sqlalchemy.Connection, name: str) -> None:
    """Wait until no other transaction holds this name, and hold it until the end of ours.

    What is read after it is as the others left it: each statement of a transaction sees what was committed before it.
    """
    lock = sqlalchemy.func.pg_advisory_xact_lock(sqlalchemy.func.hashtextextended(f"pelagos {name}", 0))
    writing.execute(sqlalchemy.select(lock))


def _told(patience_s: int) -> dict[str, Any]:
    """Say how long everything may take; an address may say otherwise."""
    limit_ms = patience_s * 1000
    return {
        "application_name": "pelagos",
        "connect_timeout": CONNECT_S,
        # A server whose machine has gone never says so.
        "keepalives_idle": 30,
        "tcp_user_timeout": limit_ms,
        "options": f"-c statement_timeout={limit_ms} -c idle_in_transaction_session_timeout={limit_ms}",
    }


def _dumper() -> type:
    try:
        strings = importlib.import_module("psycopg.types.string")
    except ImportError as error:
        raise errors.MissingExtra(
            "PostgreSQL needs the package 'psycopg', which is not installed",
            hint="Install it: pip install 'pelagos[postgresql]'",
        ) from error
    plain: Any = strings.StrDumper

    def dump(self: Any, text: str) -> Any:
        # Logs and messages of modules hold it at times; PostgreSQL keeps no such text.
        return plain.dump(self, text.replace("\0", "\N{REPLACEMENT CHARACTER}"))

    return type("_Dumper", (strings.StrDumperUnknown,), {"dump": dump})
