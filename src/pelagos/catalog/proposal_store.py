"""The records of proposals and of the examples that were run: their tables, and all of their SQL."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.catalog import checking, examples
from pelagos.domain import errors

proposals = sa.Table(
    "catalog_proposals",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("created", pelagos.db.Utc, nullable=False),
    sa.Column("changed", pelagos.db.Utc, nullable=False),
    sa.Column("report", sa.JSON, nullable=False),
    sa.Index("catalog_proposals_state", "state", "changed"),
    sa.Index("catalog_proposals_name", "name"),
)

history = sa.Table(
    "catalog_proposal_history",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("proposal_id", sa.String(32), sa.ForeignKey("catalog_proposals.id"), nullable=False),
    sa.Column("time", pelagos.db.Utc, nullable=False),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Index("catalog_proposal_history_proposal", "proposal_id", "id"),
)

runs = sa.Table(
    "catalog_example_runs",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("module", sa.String(200), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("time", pelagos.db.Utc, nullable=False),
    sa.Column("version", sa.String(100), nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Index("catalog_example_runs_module", "module", "id"),
)


class State(enum.StrEnum):
    """What has become of a proposal."""

    PROPOSED = "proposed"
    """It waits for a reviewer."""
    ACCEPTED = "accepted"
    """Its card is in the catalog."""
    RETURNED = "returned"
    """The author has something to do."""
    REPLACED = "replaced"
    """A newer proposal of the same module took its place."""


@dataclasses.dataclass(frozen=True)
class Proposal:
    """A module that somebody wants in the catalog."""

    id: str
    name: str
    """Of the module."""
    state: State
    person: str
    """Who proposed it."""
    created: datetime.datetime
    changed: datetime.datetime
    report: checking.Report


@dataclasses.dataclass(frozen=True)
class Step:
    """One line of a proposal's history."""

    time: datetime.datetime
    person: str
    state: State
    comment: str


class ProposalStore:
    """Reads and writes proposals. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def add(self, proposal: Proposal) -> None:
        """Write a new one; those of the same module that still wait are replaced by it."""
        waiting = sa.select(proposals.c.id).where(
            proposals.c.name == proposal.name, proposals.c.state == State.PROPOSED
        )
        row = {
            "id": proposal.id,
            "name": proposal.name,
            "state": proposal.state,
            "person": proposal.person,
            "created": proposal.created,
            "changed": proposal.changed,
            "report": proposal.report.plain(),
        }
        with self._database.write(alone="proposals") as writing:
            for replaced in writing.execute(waiting).scalars().all():
                _move(writing, replaced, State.PROPOSED, Step(proposal.created, proposal.person, State.REPLACED, ""))
            writing.execute(proposals.insert().values(row))
            _note(writing, proposal.id, Step(proposal.created, proposal.person, proposal.state, ""))

    def find(self, states: Sequence[State] = (), *, name: str | None = None) -> tuple[Proposal, ...]:
        """List proposals, what changed last first."""
        wanted = sa.select(proposals).order_by(proposals.c.changed.desc(), proposals.c.id)
        wanted = wanted.where(proposals.c.state.in_(states)) if states else wanted
        wanted = wanted if name is None else wanted.where(proposals.c.name == name)
        with self._database.read() as reading:
            return tuple(_from_row(row) for row in reading.execute(wanted))

    def get(self, proposal_id: str) -> Proposal:
        """Find one; raises NotFound."""
        with self._database.read() as reading:
            row = reading.execute(sa.select(proposals).where(proposals.c.id == proposal_id)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no proposal {proposal_id}.")
        return _from_row(row)

    def decide(self, proposal_id: str, step: Step) -> None:
        """Move a waiting proposal to the step's state; raises Conflict when it waits no more."""
        with self._database.write() as writing:
            if not _move(writing, proposal_id, State.PROPOSED, step):
                raise errors.Conflict(f"The proposal {proposal_id} has been decided already.")

    def history(self, proposal_id: str) -> tuple[Step, ...]:
        """List what happened to a proposal, oldest first."""
        columns = (history.c.time, history.c.person, history.c.state, history.c.comment)
        wanted = sa.select(*columns).where(history.c.proposal_id == proposal_id).order_by(history.c.id)
        with self._database.read() as reading:
            return tuple(Step(row.time, row.person, State(row.state), row.comment) for row in reading.execute(wanted))

    def add_runs(self, module: str, ran: Sequence[examples.ExampleRun]) -> None:
        """Keep how the examples of a module went."""
        rows = [{"module": module, **{name: getattr(each, name) for name in _RUN}} for each in ran]
        if rows:
            with self._database.write() as writing:
                writing.execute(runs.insert(), rows)

    def runs(self, module: str, limit: int) -> tuple[examples.ExampleRun, ...]:
        """List how the examples of a module went, the last run first."""
        wanted = sa.select(runs).where(runs.c.module == module).order_by(runs.c.id.desc()).limit(limit)
        with self._database.read() as reading:
            rows = reading.execute(wanted)
            return tuple(examples.ExampleRun(**{name: row._mapping[name] for name in _RUN}) for row in rows)


_RUN = ("name", "passed", "message", "seconds", "version", "time")


def _move(writing: sa.Connection, proposal_id: str, before: State, step: Step) -> bool:
    waiting = proposals.c.id == proposal_id, proposals.c.state == before
    moved = writing.execute(proposals.update().where(*waiting).values(state=step.state, changed=step.time))
    if moved.rowcount:
        _note(writing, proposal_id, step)
    return bool(moved.rowcount)


def _note(writing: sa.Connection, proposal_id: str, step: Step) -> None:
    writing.execute(history.insert().values(proposal_id=proposal_id, **dataclasses.asdict(step)))


def _from_row(row: sa.Row[Any]) -> Proposal:
    kept = {**row._mapping, "state": State(row.state), "report": checking.Report.of_plain(row.report)}
    return Proposal(**kept)
