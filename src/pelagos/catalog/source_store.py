"""The records of the sources of cards: their table, and all of its SQL."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.catalog import faults
from pelagos.domain import errors

MOST_FAULTS = 100
"""Of a source, that are kept."""

sources = sa.Table(
    "catalog_sources",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(100), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("location", sa.String(2000), nullable=False),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("added", pelagos.db.Utc, nullable=False),
    sa.Column("tried", pelagos.db.Utc),
    sa.Column("refreshed", pelagos.db.Utc),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("faults", sa.JSON, nullable=False),
    sa.UniqueConstraint("location", name="catalog_sources_location"),
)


class Kind(enum.StrEnum):
    """What a source is."""

    FOLDER = "folder"
    """A folder of modules, or of one."""
    GIT = "git"
    """A git repository of modules, or of one."""
    INDEX = "index"
    """A list of repositories: a file, its address, or a git repository that holds it."""
    INSTALLED = "installed"
    """The modules that are installed here."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where cards come from."""

    id: str
    kind: Kind
    location: str
    """A path or an address."""
    added: datetime.datetime
    commit: str = ""
    """The commit that its cards were read at; empty when it has none."""
    tried: datetime.datetime | None = None
    """When it was read last, well or not; the time of `error`."""
    refreshed: datetime.datetime | None = None
    """When it was read last without an error."""
    error: str = ""
    """What went wrong last time; the cards are the last good ones."""
    faults: tuple[faults.Fault, ...] = ()
    """What could not be read in its cards, each with the name of its module; at most `MOST_FAULTS`."""
    cards: int = 0
    """How many it has in the catalog."""


class SourceStore:
    """Reads and writes sources. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def all(self) -> tuple[Source, ...]:
        """List them in the order in which they were added."""
        with self._database.read() as reading:
            rows = reading.execute(sa.select(sources).order_by(sources.c.added, sources.c.id))
            return tuple(_from_row(row) for row in rows)

    def get(self, source_id: str) -> Source:
        """Find one; raises NotFound."""
        with self._database.read() as reading:
            row = reading.execute(sa.select(sources).where(sources.c.id == source_id)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no source {source_id}.", hint="To list them: pelagos catalog list")
        return _from_row(row)

    def add(self, source: Source) -> None:
        """Write a new one; raises Conflict when its id or its location is taken."""
        values = {column.name: getattr(source, column.name) for column in sources.columns}
        try:
            with self._database.write() as writing:
                writing.execute(sources.insert().values(_plain(values)))
        except sa.exc.IntegrityError as error:
            raise errors.Conflict(f"There is a source {source.id} or {source.location} already.") from error

    def amend(self, source_id: str, **changed: Any) -> None:
        """Change fields; silent when the source is gone."""
        with self._database.write() as writing:
            writing.execute(sources.update().where(sources.c.id == source_id).values(_plain(changed)))

    def remove(self, source_id: str) -> None:
        """Forget it; silent when it is gone."""
        with self._database.write() as writing:
            writing.execute(sources.delete().where(sources.c.id == source_id))


def _plain(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give values of a source as the table takes them."""
    said = {"faults": [dataclasses.asdict(each) for each in values["faults"]]} if "faults" in values else {}
    return {**values, **said}


def _from_row(row: sa.Row[Any]) -> Source:
    return Source(**{**row._mapping, "kind": Kind(row.kind), "faults": tuple(map(faults.of_plain, row.faults))})
