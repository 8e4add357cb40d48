"""Login keys and sessions: the tables of the room, and all of its SQL.

Only digests are kept: whoever reads the database can become nobody.
"""

from __future__ import annotations

import datetime
from typing import Any

import sqlalchemy as sa

import pelagos.db

login_keys = sa.Table(
    "login_keys",
    pelagos.db.METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("expires", pelagos.db.Utc, nullable=False),
)

sessions = sa.Table(
    "sessions",
    pelagos.db.METADATA,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("created", pelagos.db.Utc, nullable=False),
    sa.Column("used", pelagos.db.Utc, nullable=False),
    sa.Column("agent", sa.String(100), nullable=False),
    sa.Index("sessions_used", "used"),
)


class Store:
    """Reads and writes keys and sessions by their digests. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def add_key(self, digest: str, *, expires: datetime.datetime, now: datetime.datetime) -> None:
        """Record a login key; those that have expired are forgotten."""
        with self._database.write() as writing:
            writing.execute(login_keys.delete().where(login_keys.c.expires <= now))
            writing.execute(login_keys.insert().values(digest=digest, expires=expires))

    def exchange(
        self, key: str, session: str, *, agent: str, now: datetime.datetime, idle_since: datetime.datetime
    ) -> bool:
        """Turn a key that has not expired into a session, in one transaction: of many at once one succeeds.

        Sessions not used since `idle_since` are forgotten.
        """
        with self._database.write() as writing:
            valid = (login_keys.c.digest == key, login_keys.c.expires > now)
            if writing.execute(login_keys.delete().where(*valid)).rowcount != 1:
                return False
            writing.execute(sessions.delete().where(sessions.c.used <= idle_since))
            writing.execute(sessions.insert().values(digest=session, created=now, used=now, agent=agent))
            return True

    def used(self, session: str) -> datetime.datetime | None:
        """Tell when a session was last used; None when there is none."""
        with self._database.read() as reading:
            return reading.execute(sa.select(sessions.c.used).where(sessions.c.digest == session)).scalar()

    def touch(self, session: str, now: datetime.datetime) -> None:
        """Record that a session was used."""
        with self._database.write() as writing:
            writing.execute(sessions.update().where(sessions.c.digest == session).values(used=now))

    def sessions(self, idle_since: datetime.datetime) -> tuple[sa.Row[Any], ...]:
        """List the sessions used after `idle_since`, the last begun first."""
        with self._database.read() as reading:
            wanted = sa.select(sessions).where(sessions.c.used > idle_since)
            return tuple(reading.execute(wanted.order_by(sessions.c.created.desc(), sessions.c.digest)))

    def end(self, beginning: str) -> None:
        """Forget the sessions whose digests begin so, if there are any."""
        with self._database.write() as writing:
            writing.execute(sessions.delete().where(sessions.c.digest.startswith(beginning, autoescape=True)))

    def end_others(self, beginning: str) -> None:
        """Forget all sessions but those whose digests begin so; really all when it is empty."""
        others = sa.not_(sessions.c.digest.startswith(beginning, autoescape=True)) if beginning else sa.true()
        with self._database.write() as writing:
            writing.execute(sessions.delete().where(others))
