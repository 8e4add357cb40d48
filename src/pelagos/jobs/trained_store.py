"""Which trainings left a model, what people say of it, and aliases: the tables, and all SQL on them."""

from __future__ import annotations

import contextlib
import datetime
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

import pelagos.db
from pelagos.domain import records, states
from pelagos.jobs import store

trained_models = sa.Table(
    "trained_models",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("description", sa.Text, nullable=False),
)

model_aliases = sa.Table(
    "model_aliases",
    pelagos.db.METADATA,
    sa.Column("module", sa.String(200), primary_key=True),
    sa.Column("alias", sa.String(100), primary_key=True),
    sa.Column("model_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("moved", pelagos.db.Utc, nullable=False),
    sa.Index("model_aliases_model", "model_id"),
)

NO_MODEL = 0
"""The size of what a training left that left nothing."""
_NO_WORDS = types.MappingProxyType({"title": "", "description": ""})


class Said(NamedTuple):
    """What is known of one model besides its job."""

    size: int = NO_MODEL
    title: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    """In the order of the alphabet."""


class Store:
    """Reads and writes what is said of models. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def ended_well(self) -> int:
        """Count the jobs that are done. They stay so, and it only grows: a cheap way to see that one is new."""
        with self._database.read() as reading:
            return reading.execute(
                sa.select(sa.func.count()).where(store.jobs.c.state == states.State.DONE)
            ).scalar_one()

    def unseen(self) -> tuple[str, ...]:
        """List the finished trainings that nobody has looked at."""
        seen = sa.exists().where(trained_models.c.id == store.jobs.c.id)
        new = sa.select(store.jobs.c.id).where(*_finished(), ~seen)
        with self._database.read() as reading:
            return tuple(reading.execute(new).scalars())

    def note(self, sizes: Mapping[str, int]) -> None:
        """Record what trainings left, by id. May be called twice, by several processes at once."""
        if len(sizes) > 1:
            # All at once where nobody is faster: a state folder of an older version may have thousands.
            rows = [{"id": model_id, "size": size, **_NO_WORDS} for model_id, size in sizes.items()]
            with contextlib.suppress(sa.exc.IntegrityError), self._database.write() as writing:
                writing.execute(trained_models.insert(), rows)
                return
        for model_id, size in sizes.items():
            self._put(trained_models, {"id": model_id}, {"size": size}, new=_NO_WORDS)

    def said(self, model_ids: Sequence[str]) -> Mapping[str, Said]:
        """Give what is known of some models; those that nobody has looked at are left out."""
        words = sa.select(trained_models).where(trained_models.c.id.in_(model_ids))
        names = sa.select(model_aliases).where(model_aliases.c.model_id.in_(model_ids)).order_by(model_aliases.c.alias)
        with self._database.read() as reading:
            found = {row.id: Said(row.size, row.title, row.description) for row in reading.execute(words)}
            for row in reading.execute(names):
                known = found.get(row.model_id, Said())
                found[row.model_id] = known._replace(aliases=(*known.aliases, row.alias))
        return found

    def describe(self, model_id: str, changes: Mapping[str, str]) -> None:
        """Change the title or description of a model that was looked at."""
        with self._database.write() as writing:
            writing.execute(trained_models.update().where(trained_models.c.id == model_id).values(**changes))

    def alias(self, module: str, alias: str, model_id: str, now: datetime.datetime) -> None:
        """Let an alias of a module mean this model and no other, in one transaction."""
        self._put(model_aliases, {"module": module, "alias": alias}, {"model_id": model_id, "moved": now})

    def unalias(self, module: str, alias: str) -> None:
        """Take an alias away, if it is there."""
        named = (model_aliases.c.module == module, model_aliases.c.alias == alias)
        with self._database.write() as writing:
            writing.execute(model_aliases.delete().where(*named))

    def aliases(self, module: str) -> Mapping[str, str]:
        """Give the model that each alias of a module means; those whose files were deleted are left out."""
        wanted = (
            sa.select(model_aliases.c.alias, model_aliases.c.model_id)
            .join(store.jobs, store.jobs.c.id == model_aliases.c.model_id)
            .where(model_aliases.c.module == module, store.jobs.c.deleted.is_(None))
            .order_by(model_aliases.c.alias)
        )
        with self._database.read() as reading:
            return {row.alias: row.model_id for row in reading.execute(wanted)}

    def forget(self, model_id: str) -> None:
        """Take away all aliases of a model."""
        with self._database.write() as writing:
            writing.execute(model_aliases.delete().where(model_aliases.c.model_id == model_id))

    def _put(
        self,
        table: sa.Table,
        key: Mapping[str, Any],
        values: Mapping[str, Any],
        new: Mapping[str, Any] = types.MappingProxyType({}),
    ) -> None:
        """Change the row of a key, or make it with the values of `new` besides."""
        change = table.update().where(*(table.c[name] == value for name, value in key.items())).values(**values)
        try:
            with self._database.write() as writing:
                if not writing.execute(change).rowcount:
                    writing.execute(table.insert().values(**{**key, **new, **values}))
        except sa.exc.IntegrityError:
            # Somebody else made it in between, which only a database with several writers allows.
            with self._database.write() as writing:
                writing.execute(change)


def conditions(*, module: str | None, text: str) -> list[sa.ColumnElement[bool]]:
    """Say which jobs are meant: those with a model. `text` is looked for in id, module, title, description, aliases."""
    own = store.jobs.c
    model = trained_models.c.id == own.id
    wanted = [*_finished(), own.id.in_(sa.select(trained_models.c.id).where(trained_models.c.size > NO_MODEL))]
    if module is not None:
        wanted.append(own.module == module)
    if text:
        title, description, alias = trained_models.c.title, trained_models.c.description, model_aliases.c.alias
        places = (
            _within(own.id, text),
            _within(own.module, text),
            sa.exists().where(model, sa.or_(_within(title, text), _within(description, text))),
            sa.exists().where(model_aliases.c.model_id == own.id, _within(alias, text)),
        )
        wanted.append(sa.or_(*places))
    return wanted


def _within(column: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    return column.icontains(text, autoescape=True)


def _finished() -> tuple[sa.ColumnElement[bool], ...]:
    columns = store.jobs.c
    return (columns.kind == records.Kind.TRAINING, columns.state == states.State.DONE, columns.deleted.is_(None))
