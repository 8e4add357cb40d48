"""What people say of trained models, and their aliases: the tables, and all SQL on them."""

from __future__ import annotations

import datetime
import types
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

import pelagos.db

trained_models = sa.Table(
    "trained_models",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), sa.ForeignKey("jobs.id"), primary_key=True),
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


class Said(NamedTuple):
    """What people say of one model."""

    title: str = ""
    description: str = ""
    aliases: tuple[str, ...] = ()
    """In the order of the alphabet."""


class Store:
    """Reads and writes what people say of models. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def said(self, model_ids: Sequence[str] | None = None) -> Mapping[str, Said]:
        """Give what is said of some models, or of all; whoever is not mentioned has nothing said."""
        words, names = sa.select(trained_models), sa.select(model_aliases).order_by(model_aliases.c.alias)
        if model_ids is not None:
            words = words.where(trained_models.c.id.in_(model_ids))
            names = names.where(model_aliases.c.model_id.in_(model_ids))
        with self._database.read() as reading:
            found = {row.id: Said(row.title, row.description) for row in reading.execute(words)}
            for row in reading.execute(names):
                known = found.get(row.model_id, Said())
                found[row.model_id] = known._replace(aliases=(*known.aliases, row.alias))
        return found

    def describe(self, model_id: str, *, title: str | None, description: str | None) -> None:
        """Change title or description; what is None stays."""
        wanted = {"title": title, "description": description}
        changes = {name: value for name, value in wanted.items() if value is not None}
        if not changes:
            return
        self._put(trained_models, {"id": model_id}, changes, new={"title": "", "description": ""})

    def alias(self, module: str, alias: str, model_id: str, now: datetime.datetime) -> None:
        """Let an alias of a module mean this model and no other, in one transaction."""
        self._put(model_aliases, {"module": module, "alias": alias}, {"model_id": model_id, "moved": now})

    def unalias(self, module: str, alias: str) -> None:
        """Take an alias away, if it is there."""
        with self._database.write() as writing:
            writing.execute(model_aliases.delete().where(*_named(module, alias)))

    def meaning(self, module: str, alias: str) -> str | None:
        """Tell which model an alias means."""
        wanted = sa.select(model_aliases.c.model_id).where(*_named(module, alias))
        with self._database.read() as reading:
            return reading.execute(wanted).scalar()

    def aliases(self, module: str) -> Mapping[str, str]:
        """Give what each alias of a module means."""
        wanted = sa.select(model_aliases).where(model_aliases.c.module == module).order_by(model_aliases.c.alias)
        with self._database.read() as reading:
            return {row.alias: row.model_id for row in reading.execute(wanted)}

    def forget(self, model_id: str) -> None:
        """Forget all that is said of a model."""
        with self._database.write() as writing:
            writing.execute(model_aliases.delete().where(model_aliases.c.model_id == model_id))
            writing.execute(trained_models.delete().where(trained_models.c.id == model_id))

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


def _named(module: str, alias: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (model_aliases.c.module == module, model_aliases.c.alias == alias)
