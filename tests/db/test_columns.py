"""Moments keep their meaning in a database that knows no zones."""

from __future__ import annotations

import contextlib
import datetime

import pytest
import sqlalchemy as sa

import databases
import pelagos.db
from pelagos.db import connection

TABLE = sa.Table("moments", sa.MetaData(), sa.Column("moment", pelagos.db.Utc))


def returned(url: str, moment: datetime.datetime | None) -> datetime.datetime | None:
    """What the database gives back for a moment."""
    with contextlib.closing(connection.Database(url)) as database, database.write() as writing:
        TABLE.create(writing)
        writing.execute(TABLE.insert().values(moment=moment))
        found: datetime.datetime | None = writing.execute(sa.select(TABLE.c.moment)).scalar_one()
    return found


@databases.BOTH
class TestUtc:
    def test_gives_back_the_same_moment_in_utc(self, database_url: str) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        moment = datetime.datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=zone)

        found = returned(database_url, moment)

        assert found == moment
        assert found.tzinfo == datetime.UTC

    def test_keeps_none(self, database_url: str) -> None:
        assert returned(database_url, None) is None

    def test_refuses_a_moment_without_a_zone(self, database_url: str) -> None:
        with pytest.raises(sa.exc.StatementError, match="needs a zone"):
            returned(database_url, datetime.datetime(2026, 1, 1))
