"""The records of long acts of the hub itself: their table, and all of its SQL."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.domain import errors

KEPT = datetime.timedelta(days=30)
"""How long what has ended is remembered, and with it its idempotency key."""
_JSON = sa.JSON(none_as_null=True)

acts = sa.Table(
    "acts",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sa.Column("asked", _JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("cancelling", sa.Boolean, nullable=False),
    sa.Column("result", _JSON),
    sa.Column("error", _JSON),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("owner", sa.String(32), nullable=False),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200)),
    sa.Column("created", pelagos.db.Utc, nullable=False),
    sa.Column("changed", pelagos.db.Utc, nullable=False),
    sa.UniqueConstraint("kind", "key", name="acts_key"),
    sa.Index("acts_state", "state", "created"),
)


class Kind(enum.StrEnum):
    """What is done."""

    DATASET = "dataset"
    """Fetch a data set from an address."""
    INSTALLATION = "installation"
    """Install a module."""
    PROPOSAL = "proposal"
    """Check the module of a folder and propose it."""
    SOURCE = "source"
    """Add a source of cards and read it."""


class State(enum.StrEnum):
    """How an act stands."""

    RUNNING = "running"
    """It waits for its turn, or goes on."""
    DONE = "done"
    FAILED = "failed"
    """`error` says why."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The hub ended again and again while it went on."""


@dataclasses.dataclass(frozen=True)
class Act:
    """Something that the hub itself does for a while."""

    id: str
    kind: Kind
    about: str
    """What it is about: the name of the data set, the source of the module, the folder, the place of the cards."""
    asked: Mapping[str, Any]
    """What else was asked for."""
    created: datetime.datetime
    changed: datetime.datetime
    state: State = State.RUNNING
    cancelling: bool = False
    """Whether somebody wants it to end."""
    result: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    """Code, message, hint and faults, as the API has them."""
    tries: int = 1
    """How many hubs have begun it."""
    owner: str = ""
    """The hub that does it."""
    person: str = ""
    key: str | None = None
    step: str = ""
    """What is being done; of one that goes on in this process."""
    done: int | None = None
    """Bytes that are there, of `total`."""
    total: int | None = None

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.state is not State.RUNNING

    @property
    def fraction(self) -> float | None:
        """How much of a download is there."""
        return self.done / self.total if self.done is not None and self.total else None

    def outcome(self) -> Mapping[str, Any]:
        """Give the result of one that is done; raises the error of one that failed, Conflict for what was ended."""
        if self.error is not None:
            raise errors.of_plain(self.error)
        if self.state is not State.DONE:
            raise errors.Conflict(f"It is {self.state}.")
        return self.result or {}


class ActStore:
    """Reads and writes acts. Safe to share among threads and processes."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def add(self, new: Act) -> None:
        """Record a new one, and forget what ended long ago. Raises Conflict when its key is taken."""
        old = (acts.c.state != State.RUNNING, acts.c.changed < new.created - KEPT)
        try:
            with self._database.write() as writing:
                writing.execute(acts.delete().where(*old))
                writing.execute(acts.insert().values({name: getattr(new, name) for name in _COLUMNS}))
        except sa.exc.IntegrityError as error:
            raise errors.Conflict("There is an act with this key already.") from error

    def get(self, act_id: str) -> Act:
        """Find one; raises NotFound."""
        found = self.find(acts.c.id == act_id)
        if not found:
            raise errors.NotFound(f"There is no act {act_id}.")
        return found[0]

    def by_key(self, kind: Kind, key: str) -> Act | None:
        """Find the one that was accepted under an idempotency key."""
        return next(iter(self.find(acts.c.kind == kind, acts.c.key == key)), None)

    def find(self, *conditions: sa.ColumnElement[bool], limit: int | None = None) -> tuple[Act, ...]:
        """List those that meet all conditions, newest first."""
        wanted = sa.select(acts).where(*conditions).order_by(acts.c.created.desc(), acts.c.id.desc())
        with self._database.read() as reading:
            return tuple(_from_row(row) for row in reading.execute(wanted.limit(limit)))

    def change(self, act: Act, **values: Any) -> bool:
        """Change one that goes on at its owner; says whether it still did."""
        there = (acts.c.id == act.id, acts.c.state == State.RUNNING, acts.c.owner == act.owner)
        with self._database.write() as writing:
            return writing.execute(acts.update().where(*there).values(values)).rowcount == 1


def conditions(
    *, kinds: Sequence[Kind] = (), states: Sequence[State] = (), about: str | None = None
) -> list[sa.ColumnElement[bool]]:
    """Say which acts are meant; what is left out says nothing."""
    wanted = [acts.c.kind.in_(kinds)] if kinds else []
    wanted += [acts.c.state.in_(states)] if states else []
    return wanted + ([acts.c.about == about] if about is not None else [])


_COLUMNS = tuple(acts.columns.keys())


def _from_row(row: sa.Row[Any]) -> Act:
    return Act(**{**row._mapping, "kind": Kind(row.kind), "state": State(row.state)})
