"""Column types that mean the same on every database."""

from __future__ import annotations

import datetime

import sqlalchemy


class Utc(sqlalchemy.types.TypeDecorator[datetime.datetime]):
    """A moment, kept in UTC: SQLite knows no zones and would give it back without one."""

    impl = sqlalchemy.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime.datetime | None,
        dialect: sqlalchemy.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime.datetime | None:
        """Turn any zone into UTC on the way in; ValueError for a moment without a zone."""
        if value is not None and value.tzinfo is None:
            raise ValueError(f"a moment needs a zone: {value}")
        return value and value.astimezone(datetime.UTC)

    def process_result_value(
        self,
        value: datetime.datetime | None,
        dialect: sqlalchemy.Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime.datetime | None:
        """Give the zone back on the way out."""
        return value and (value if value.tzinfo else value.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
