"""The versions of cards: their table, and all of its SQL. They stay when their module leaves the catalog.

Nothing of it is searched: the tables and indexes of the search hold the present cards only.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Sequence

import sqlalchemy as sa

import pelagos.db
from pelagos.catalog import card
from pelagos.catalog.record import Record
from pelagos.domain import errors

versions = sa.Table(
    "card_versions",
    pelagos.db.METADATA,
    sa.Column("name", sa.String(200), primary_key=True),
    sa.Column("version", sa.String(100), primary_key=True),
    sa.Column("source", sa.String(500), nullable=False),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("seen", pelagos.db.Utc, nullable=False),
    sa.Column("imported", pelagos.db.Utc, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
)
MOST = 200
"""Versions kept of each card."""
_KEY = sa.tuple_(versions.c.name, versions.c.version)


@dataclasses.dataclass(frozen=True)
class Version:
    """One version of a card."""

    version: str
    """What the card states, else its commit, else a digest of it."""
    source: str
    commit: str
    """Where it was read last; empty when the source has none."""
    seen: datetime.datetime
    """When it was first read."""


def keep(writing: sa.Connection, records: Sequence[Record]) -> None:
    """Keep cards beside the other versions of theirs; one that has the name of a version takes its place."""
    keys = [(record.card.name, record.version) for record in records]
    same = _KEY.in_(keys)
    known = sa.select(versions.c.name, versions.c.version, versions.c.seen).where(same)
    seen = {(row.name, row.version): row.seen for row in writing.execute(known)}
    writing.execute(versions.delete().where(same))
    rows = [
        {
            "name": record.card.name,
            "version": record.version,
            "source": record.source,
            "commit": record.commit,
            "seen": seen.get(key, record.imported),
            "imported": record.imported,
            "content": record.card.plain(),
        }
        for key, record in zip(keys, records, strict=True)
    ]
    writing.execute(versions.insert(), rows)
    _forget_oldest(writing, [record.card.name for record in records])


def of_module(reading: sa.Connection, name: str) -> tuple[Version, ...]:
    """List the versions of a module's card, the one that was first seen last first."""
    wanted = [versions.c[field.name] for field in dataclasses.fields(Version)]
    order = versions.c.seen.desc(), versions.c.version.desc()
    rows = reading.execute(sa.select(*wanted).where(versions.c.name == name).order_by(*order))
    return tuple(Version(**row._mapping) for row in rows)


def get(reading: sa.Connection, name: str, version: str) -> Record:
    """Find one version of a module's card; raises NotFound."""
    wanted = sa.select(versions).where(versions.c.name == name, versions.c.version == version)
    row = reading.execute(wanted).one_or_none()
    if row is None:
        raise errors.NotFound(f"There is no version {version} of the card {name}.")
    return Record(card.Card.model_validate(row.content), row.source, row.commit, row.imported)


def _forget_oldest(writing: sa.Connection, names: Sequence[str]) -> None:
    """Keep the newest of a card that states no version and gets one with every commit."""
    count = sa.func.count()
    crowded = sa.select(versions.c.name).where(versions.c.name.in_(names)).group_by(versions.c.name)
    for name in writing.execute(crowded.having(count > MOST)).scalars().all():
        order = versions.c.seen.desc(), versions.c.version.desc()
        newest = sa.select(versions.c.version).where(versions.c.name == name).order_by(*order).limit(MOST)
        kept = writing.execute(newest).scalars().all()
        writing.execute(versions.delete().where(versions.c.name == name, versions.c.version.not_in(kept)))
