"""Moments keep their meaning in a database that knows no zones."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

import pelagos.db
from pelagos.db import connection

TABLE = sa.Table("moments", sa.MetaData(), sa.Column("moment", pelagos.db.Utc))


def returned(folder: Path, moment: datetime.datetime | None) -> datetime.datetime | None:
    """What the database gives back for a moment."""
    database = connection.Database(f"sqlite:///{folder}/a.db")
    with database.write() as writing:
        TABLE.create(writing)
        writing.execute(TABLE.insert().values(moment=moment))
        found: datetime.datetime | None = writing.execute(sa.select(TABLE.c.moment)).scalar_one()
    database.close()
    return found


class TestUtc:
    def test_gives_back_the_same_moment_in_utc(self, tmp_path: Path) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
        moment = datetime.datetime(2026, 3, 29, 2, 30, 0, 123456, tzinfo=zone)

        found = returned(tmp_path, moment)

        assert found == moment
        assert found.tzinfo == datetime.UTC

    def test_keeps_none(self, tmp_path: Path) -> None:
        assert returned(tmp_path, None) is None

    def test_refuses_a_moment_without_a_zone(self, tmp_path: Path) -> None:
        with pytest.raises(sa.exc.StatementError, match="needs a zone"):
            returned(tmp_path, datetime.datetime(2026, 1, 1))
