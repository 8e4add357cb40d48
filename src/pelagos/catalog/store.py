"""The records of the catalog: its tables, and all of its SQL.

Cards and facets are ordinary tables. The index of their words is derived from them (see `texts`); it is made, and
filled from the cards, where it is missing.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.catalog import card, meaning, queries, texts, version_store
from pelagos.catalog.record import Record
from pelagos.catalog.snapshot import Line, Snapshot
from pelagos.catalog.version_store import Version
from pelagos.domain import errors

__all__ = ["Record", "Store", "Version"]

_log = logging.getLogger(__name__)
_JSON = sa.JSON(none_as_null=True)
_AT_ONCE = 500
_ALONE = "cards"
"""Who writes cards: they are replaced in several statements, and counted."""

cards = sa.Table(
    "cards",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("category", sa.String(200), nullable=False),
    sa.Column("licence", sa.String(500)),
    sa.Column("created", sa.Date),
    sa.Column("updated", sa.Date),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("tasks", _JSON, nullable=False),
    sa.Column("tags", _JSON, nullable=False),
    sa.Column("content", _JSON, nullable=False),
    sa.Column("source", sa.String(500), nullable=False),
    sa.Column("commit", sa.String(64), nullable=False),
    sa.Column("imported", pelagos.db.Utc, nullable=False),
    sa.UniqueConstraint("name", name="cards_name"),
    sa.Index("cards_title", "title"),
    sa.Index("cards_updated", "updated"),
)

facets = sa.Table(
    "card_facets",
    pelagos.db.METADATA,
    sa.Column("card_id", sa.Integer, sa.ForeignKey("cards.id"), primary_key=True),
    sa.Column("facet", sa.String(16), primary_key=True),
    sa.Column("value", sa.String(500), primary_key=True),
    sa.Index("card_facets_value", "facet", "value", "card_id"),
)

revisions = sa.Table(
    "catalog_revision",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("number", sa.Integer, nullable=False),
)
"""One row, counted up with every change of cards: who keeps something in memory asks it first."""

_SHOWN = [cards.c[field.name] for field in dataclasses.fields(queries.Hit)]


class Store:
    """Reads and writes cards. Safe to share among threads. With `encode` they are found by their meaning too."""

    def __init__(self, database: pelagos.db.Database, *, encode: meaning.Encode | None = None) -> None:
        self._database = database
        self._meanings = None if encode is None else meaning.Meanings(database, encode)
        self._near: tuple[int, Callable[[str], Mapping[int, float]]] | None = None
        self._learned = -1
        self._texts = texts.of(database)
        self._snapshot: Snapshot | None = None
        with database.write(alone=_ALONE) as writing:
            if self._texts.prepare(writing):
                self._fill(writing)

    def put(self, records: Iterable[Record]) -> None:
        """Write cards, each instead of the one that had its name; all or none. The last one of a name counts.

        Those that were there stay as versions, if they have another one.
        """
        waiting = list({record.card.name: record for record in records}.values())
        with self._database.write(alone=_ALONE) as writing:
            for begin in range(0, len(waiting), _AT_ONCE):
                self._put(writing, waiting[begin : begin + _AT_ONCE])
            _count_up(writing)

    def remove(self, names: Iterable[str]) -> None:
        """Take cards out of the catalog; silent about those that are not there. Their versions stay."""
        with self._database.write(alone=_ALONE) as writing:
            self._forget(writing, list(names))
            _count_up(writing)

    def get(self, name: str) -> Record:
        """Find a card by its name, whatever its status; raises NotFound."""
        with self._database.read() as reading:
            row = reading.execute(sa.select(cards).where(cards.c.name == name)).one_or_none()
            left = () if row is not None else version_store.of_module(reading, name)
        if row is None:
            hint = f"It has left the catalog. Its versions: pelagos catalog show {name} --versions" if left else ""
            raise errors.NotFound(f"There is no card {name}.", hint=hint)
        return _from_row(row)

    def versions(self, name: str) -> tuple[Version, ...]:
        """List the versions of a module's card, the newest first; those of a module that has left stay. May be none."""
        with self._database.read() as reading:
            return version_store.of_module(reading, name)

    def version(self, name: str, version: str) -> Record:
        """Find one version of a module's card; raises NotFound."""
        with self._database.read() as reading:
            return version_store.get(reading, name, version)

    def names(self, source: str | None = None) -> tuple[str, ...]:
        """List the names of all cards, or those of a source, in order."""
        wanted = sa.select(cards.c.name).order_by(cards.c.name)
        if source is not None:
            wanted = wanted.where(cards.c.source == source)
        with self._database.read() as reading:
            return tuple(reading.execute(wanted).scalars())

    def of_source(self, source: str) -> Mapping[str, Record]:
        """Give all cards of a source by their names."""
        with self._database.read() as reading:
            rows = reading.execute(sa.select(cards).where(cards.c.source == source))
            return {row.name: _from_row(row) for row in rows}

    def owners(self, names: Sequence[str]) -> Mapping[str, str]:
        """Tell which source the cards of these names come from; names that no card has are left out."""
        with self._database.read() as reading:
            rows = reading.execute(sa.select(cards.c.name, cards.c.source).where(cards.c.name.in_(names)))
            return {row.name: row.source for row in rows}

    def counts(self) -> Mapping[str, int]:
        """Tell how many cards each source has."""
        wanted = sa.select(cards.c.source, sa.func.count()).group_by(cards.c.source)
        with self._database.read() as reading:
            return {row[0]: row[1] for row in reading.execute(wanted)}

    def latest(self, chosen: Mapping[queries.Facet, tuple[str, ...]], limit: int) -> tuple[Record, ...]:
        """List the visible cards that changed last and have all that is chosen, for a feed."""
        conditions = [cards.c.status.in_(queries.VISIBLE)]
        for facet, values in chosen.items():
            fitting = sa.select(facets.c.card_id).where(facets.c.facet == facet, facets.c.value.in_(values))
            conditions.append(cards.c.id.in_(fitting))
        order = (sa.func.coalesce(cards.c.updated, cards.c.created).desc().nulls_last(), cards.c.name)
        with self._database.read() as reading:
            rows = reading.execute(sa.select(cards).where(*conditions).order_by(*order).limit(limit))
            return tuple(_from_row(row) for row in rows)

    def matching(self, wanted: Sequence[str], mode: queries.Matching) -> list[int]:
        """List the ids of the cards that have the words, the best first, whatever their status."""
        with self._database.read() as reading:
            return self._texts.matching(reading, wanted, mode)

    def near(self, text: str) -> Mapping[int, float]:
        """Tell which cards mean something near to a text, and how near, from 0 to 1; none without `encode`."""
        try:
            return {} if self._meanings is None else self._nearest(self._meanings)(text)
        except errors.Unavailable:
            raise
        except errors.PelagosError as error:
            self._give_up_meanings(error)
            return {}

    def learn(self) -> int:
        """Learn the meanings of some cards that are new, and tell of how many. Takes a second or two."""
        if self._meanings is None or self._learned == self._number():
            return 0
        try:
            number, learned = self._number(), self._meanings.learn(list(self._meant().values()))
        except errors.Unavailable:
            raise
        except errors.PelagosError as error:
            self._give_up_meanings(error)
            return 0
        if learned:
            with self._database.write(alone=_ALONE) as writing:
                _count_up(writing)
        else:
            self._learned = number
        return learned

    def hits(self, ids: Sequence[int]) -> tuple[queries.Hit, ...]:
        """Give what a list shows of cards, in the order of their ids; cards that have gone meanwhile are left out."""
        with self._database.read() as reading:
            rows = reading.execute(sa.select(cards.c.id, *_SHOWN).where(cards.c.id.in_(ids)))
            found = {row.id: _hit(row) for row in rows}
        return tuple(found[card_id] for card_id in ids if card_id in found)

    def snapshot(self) -> Snapshot:
        """Give the facets and the vocabulary as they are now; they are read again only when cards have changed."""
        with self._database.read() as reading:
            number = _revision(reading)
            if self._snapshot is None or self._snapshot.revision != number:
                self._snapshot = self._take(reading, number)
            return self._snapshot

    def _nearest(self, meanings: meaning.Meanings) -> Callable[[str], Mapping[int, float]]:
        number = self._number()
        if self._near is None or self._near[0] != number:
            self._near = number, meanings.nearest(self._meant())
        return self._near[1]

    def _give_up_meanings(self, error: errors.PelagosError) -> None:
        _log.error("Cards are found by their words only: %s", error.message)
        self._meanings = None

    def _number(self) -> int:
        with self._database.read() as reading:
            return _revision(reading)

    def _meant(self) -> Mapping[int, str]:
        """Give the text of each card that says what it means."""
        said = sa.select(cards.c.id, cards.c.title, cards.c.summary, cards.c.tasks, cards.c.tags)
        with self._database.read() as reading:
            rows = reading.execute(said).all()
        return {row.id: ". ".join(filter(None, (row.title, row.summary, *row.tasks, *row.tags))) for row in rows}

    def _take(self, reading: sa.Connection, number: int) -> Snapshot:
        known = [cards.c[field.name] for field in dataclasses.fields(Line)]
        lines = [
            Line(row.id, row.title, card.Status(row.status), row.created, row.updated)
            for row in reading.execute(sa.select(*known))
        ]
        values = reading.execute(sa.select(facets.c.card_id, facets.c.facet, facets.c.value))
        triples = ((card_id, facet, value) for card_id, facet, value in values)
        return Snapshot(number, lines, triples, self._texts.vocabulary(reading))

    def _fill(self, writing: sa.Connection) -> None:
        last = 0
        while True:
            some = sa.select(cards.c.id, cards.c.content).where(cards.c.id > last).order_by(cards.c.id).limit(_AT_ONCE)
            rows = writing.execute(some).all()
            if not rows:
                return
            self._texts.add(writing, [(row.id, card.Card.model_validate(row.content)) for row in rows])
            last = rows[-1].id

    def _put(self, writing: sa.Connection, records: Sequence[Record]) -> None:
        self._forget(writing, [record.card.name for record in records])
        writing.execute(cards.insert(), [_to_row(record) for record in records])
        ids = _ids(writing, [record.card.name for record in records])
        added = [(ids[record.card.name], record.card) for record in records]
        lines = [
            {"card_id": card_id, "facet": facet, "value": value}
            for card_id, each in added
            for facet, value in _facet_values(each)
        ]
        if lines:
            writing.execute(facets.insert(), lines)
        self._texts.add(writing, added)
        version_store.keep(writing, records)

    def _forget(self, writing: sa.Connection, names: Sequence[str]) -> None:
        for begin in range(0, len(names), _AT_ONCE):
            ids = list(_ids(writing, names[begin : begin + _AT_ONCE]).values())
            if ids:
                self._texts.remove(writing, ids)
                writing.execute(facets.delete().where(facets.c.card_id.in_(ids)))
                writing.execute(cards.delete().where(cards.c.id.in_(ids)))


def _facet_values(each: card.Card) -> set[tuple[str, str]]:
    values: Mapping[queries.Facet, Iterable[str]] = {
        queries.Facet.CATEGORY: (each.category,),
        queries.Facet.TASK: each.tasks,
        queries.Facet.TAG: (tag.casefold() for tag in each.tags),
        queries.Facet.LICENCE: (each.licence or "",),
        queries.Facet.LIBRARY: each.libraries,
        queries.Facet.DATA: each.inputs,
        queries.Facet.ABILITY: (name for name in ("trainable", "inference", "pretrained") if getattr(each, name)),
    }
    return {(str(facet), value) for facet, some in values.items() for value in some if value}


def _revision(connected: sa.Connection) -> int:
    return connected.execute(sa.select(revisions.c.number)).scalar() or 0


def _count_up(writing: sa.Connection) -> None:
    if not writing.execute(revisions.update().values(number=revisions.c.number + 1)).rowcount:
        writing.execute(revisions.insert().values(id=1, number=1))


def _ids(writing: sa.Connection, names: Sequence[str]) -> dict[str, int]:
    rows = writing.execute(sa.select(cards.c.name, cards.c.id).where(cards.c.name.in_(names)))
    return {row.name: row.id for row in rows}


def _to_row(record: Record) -> dict[str, Any]:
    shown = {column.name: getattr(record.card, column.name) for column in _SHOWN}
    return {
        **shown,
        "tasks": list(record.card.tasks),
        "tags": list(record.card.tags),
        "content": record.card.plain(),
        "source": record.source,
        "commit": record.commit,
        "imported": record.imported,
    }


def _from_row(row: sa.Row[Any]) -> Record:
    return Record(card.Card.model_validate(row.content), row.source, row.commit, row.imported)


def _hit(row: sa.Row[Any]) -> queries.Hit:
    values = {column.name: row._mapping[column] for column in _SHOWN}
    changed = {"status": card.Status(row.status), "tasks": tuple(row.tasks), "tags": tuple(row.tags)}
    return queries.Hit(**values | changed)
