"""The records of the jobs room: its tables, and all of its SQL."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.domain import errors, records, resources, states

_JSON = sa.JSON(none_as_null=True)

jobs = sa.Table(
    "jobs",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("module", sa.String(200), nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(32)),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("arguments", _JSON, nullable=False),
    sa.Column("resources", _JSON, nullable=False),
    sa.Column("site", sa.String(100), nullable=False),
    sa.Column("key", sa.String(200)),
    sa.Column("command", _JSON, nullable=False),
    sa.Column("handle", _JSON),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("created", pelagos.db.Utc, nullable=False),
    sa.Column("started", pelagos.db.Utc),
    sa.Column("finished", pelagos.db.Utc),
    sa.Column("deleted", pelagos.db.Utc),
    sa.Column("result", _JSON),
    sa.Column("person", sa.String(200), nullable=False, server_default=""),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("module", "kind", "key", name="jobs_key"),
    sa.Index("jobs_state", "state", "created"),
    sa.Index("jobs_module", "module", "created"),
    sa.Index("jobs_created", "created", "id"),
)

history = sa.Table(
    "job_history",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.String(32), sa.ForeignKey("jobs.id"), nullable=False),
    sa.Column("time", pelagos.db.Utc, nullable=False),
    sa.Column("old", sa.String(16)),
    sa.Column("new", sa.String(16), nullable=False),
    sa.Column("reason", sa.String(32)),
    sa.Column("message", sa.Text, nullable=False),
    sa.Index("job_history_job", "job_id", "id"),
)

_AT_SITE = (states.State.STARTING, states.State.RUNNING)

Room = Callable[[Sequence[resources.Resources], records.Job], bool]
"""Whether a site whose jobs asked for this much can take one more."""


class Store:
    """Reads and writes job records. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    @property
    def database(self) -> pelagos.db.Database:
        """Where the records are."""
        return self._database

    def add(self, job: records.Job) -> None:
        """Record a new job. Raises Conflict when its id, or its key for this module and kind, is taken."""
        try:
            with self._database.write() as writing:
                writing.execute(jobs.insert().values(_to_row(job)))
                _write_history(writing, job, old=None, now=job.created)
        except sa.exc.IntegrityError as error:
            raise errors.Conflict(f"There is a job {job.id} or one with its key already.") from error

    def get(self, job_id: str) -> records.Job:
        """Find a job by its id; raises NotFound."""
        with self._database.read() as reading:
            row = reading.execute(sa.select(jobs).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise errors.NotFound(f"There is no job {job_id}.")
        return _from_row(row)

    def by_key(self, module: str, kind: records.Kind, key: str) -> records.Job | None:
        """Find the job that was accepted under an idempotency key."""
        wanted = (jobs.c.module == module, jobs.c.kind == kind, jobs.c.key == key)
        with self._database.read() as reading:
            row = reading.execute(sa.select(jobs).where(*wanted)).one_or_none()
        return None if row is None else _from_row(row)

    def find(
        self, conditions: Sequence[sa.ColumnElement[bool]], *, limit: int | None = None, offset: int = 0
    ) -> tuple[records.Job, ...]:
        """List the jobs that meet all conditions (see `conditions`), newest first."""
        newest = sa.select(jobs).where(*conditions).order_by(jobs.c.created.desc(), jobs.c.id.desc())
        with self._database.read() as reading:
            return tuple(_from_row(row) for row in reading.execute(newest.limit(limit).offset(offset)))

    def versions(self, conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> tuple[tuple[str, int], ...]:
        """Give id and version of the newest that meet all conditions: this differs when the list of them does."""
        newest = sa.select(jobs.c.id, jobs.c.version).where(*conditions)
        newest = newest.order_by(jobs.c.created.desc(), jobs.c.id.desc())
        with self._database.read() as reading:
            return tuple((row.id, row.version) for row in reading.execute(newest.limit(limit)))

    def count(self, conditions: Sequence[sa.ColumnElement[bool]]) -> int:
        """Count the jobs that meet all conditions."""
        with self._database.read() as reading:
            return reading.execute(sa.select(sa.func.count()).select_from(jobs).where(*conditions)).scalar_one()

    def at_sites(self) -> tuple[records.Job, ...]:
        """List the jobs that were handed to a site and have not ended, in the order of their acceptance."""
        handed = sa.select(jobs).where(jobs.c.state.in_(_AT_SITE)).order_by(jobs.c.created, jobs.c.id)
        with self._database.read() as reading:
            return tuple(_from_row(row) for row in reading.execute(handed))

    def waited_for(self) -> tuple[str, ...]:
        """List the sites that jobs are queued for."""
        sites = sa.select(jobs.c.site).where(jobs.c.state == states.State.QUEUED).distinct().order_by(jobs.c.site)
        with self._database.read() as reading:
            return tuple(reading.execute(sites).scalars())

    def first_queued(self, site: str) -> records.Job | None:
        """Find the job of a site that has waited for longest."""
        with self._database.read() as reading:
            row = reading.execute(_first_queued(site)).one_or_none()
        return None if row is None else _from_row(row)

    def deleted(self) -> Mapping[str, bool]:
        """Tell of every job, by its id, whether its files were deleted."""
        with self._database.read() as reading:
            rows = reading.execute(sa.select(jobs.c.id, jobs.c.deleted.is_not(None)))
            return {job_id: bool(gone) for job_id, gone in rows}

    def history(self, job_id: str) -> tuple[records.Move, ...]:
        """List a job's moves, oldest first."""
        moves = sa.select(history).where(history.c.job_id == job_id).order_by(history.c.id)
        with self._database.read() as reading:
            return tuple(_move(row) for row in reading.execute(moves))

    def move(self, job: records.Job, state: states.State, now: datetime.datetime, **changes: Any) -> records.Job:
        """Move a job to another state and write its history, both or neither. The only way a state changes.

        Raises Conflict when the move is not allowed, StaleRecord when somebody changed the job since it was read.
        """
        if not states.may_move(job.state, state):
            raise errors.Conflict(f"Job {job.id} is {job.state} and cannot become {state}.")
        with self._database.write() as writing:
            return _move_within(writing, job, state, now, changes)

    def amend(self, job: records.Job, **changes: Any) -> records.Job:
        """Change facts of a job other than its state; raises StaleRecord as `move` does."""
        with self._database.write() as writing:
            return _replace(writing, job, job.evolve(**changes))

    def claim(self, site: str, now: datetime.datetime, room: Room) -> records.Job | None:
        """Take the oldest queued job of a site to start it, if the site has room; None otherwise.

        One transaction, so that of many processes only one gets it. A job that does not fit makes the others wait:
        no big job starves behind small ones.
        """
        there = sa.select(jobs.c.resources).where(jobs.c.site == site, jobs.c.state.in_(_AT_SITE))
        with self._database.write(alone=f"jobs at {site}") as writing:
            row = writing.execute(_first_queued(site)).one_or_none()
            if row is None:
                return None
            job = _from_row(row)
            taken = [resources.Resources.from_json(plain) for plain in writing.execute(there).scalars()]
            if not room(taken, job):
                return None
            return _move_within(writing, job, states.State.STARTING, now, {"attempt": job.attempt + 1})


def conditions(
    *,
    module: str | None = None,
    kind: records.Kind | None = None,
    states: Sequence[states.State] = (),
    text: str = "",
    deleted: bool | None = False,
) -> list[sa.ColumnElement[bool]]:
    """Say which jobs are meant. `text` is looked for in id, module, message and arguments; `deleted` None is both."""
    wanted: list[sa.ColumnElement[bool]] = []
    if module is not None:
        wanted.append(jobs.c.module == module)
    if kind is not None:
        wanted.append(jobs.c.kind == kind)
    if states:
        wanted.append(_one_of(states))
    if deleted is not None:
        wanted.append(jobs.c.deleted.is_not(None) if deleted else jobs.c.deleted.is_(None))
    if text:
        places = (jobs.c.id, jobs.c.module, jobs.c.message, sa.cast(jobs.c.arguments, sa.Text))
        wanted.append(sa.or_(*(place.icontains(text, autoescape=True) for place in places)))
    return wanted


def _one_of(chosen: Sequence[states.State]) -> sa.ColumnElement[bool]:
    """Say many states by those that are left out: then the index of the order serves, and a list ends at its limit."""
    others = [each for each in states.State if each not in chosen]
    return jobs.c.state.in_(chosen) if len(chosen) < len(others) else jobs.c.state.not_in(others)


def _first_queued(site: str) -> sa.Select[Any]:
    waiting = (jobs.c.site == site, jobs.c.state == states.State.QUEUED)
    return sa.select(jobs).where(*waiting).order_by(jobs.c.created, jobs.c.id).limit(1)


def _move_within(
    writing: sa.Connection,
    job: records.Job,
    state: states.State,
    now: datetime.datetime,
    changes: Mapping[str, Any],
) -> records.Job:
    moved = _replace(writing, job, job.evolve(state=state, **changes))
    _write_history(writing, moved, old=job.state, now=now)
    return moved


def _replace(writing: sa.Connection, old: records.Job, new: records.Job) -> records.Job:
    new = new.evolve(version=old.version + 1)
    unchanged = (jobs.c.id == old.id, jobs.c.version == old.version)
    done = writing.execute(jobs.update().where(*unchanged).values(_to_row(new)))
    if done.rowcount != 1:
        raise errors.StaleRecord(f"Job {old.id} was changed by somebody else.")
    return new


def _write_history(
    writing: sa.Connection, job: records.Job, *, old: states.State | None, now: datetime.datetime
) -> None:
    line = {
        "job_id": job.id,
        "time": now,
        "old": old,
        "new": job.state,
        "reason": job.reason,
        "message": job.message,
    }
    writing.execute(history.insert().values(line))


def _to_row(job: records.Job) -> dict[str, Any]:
    return {column.name: getattr(job, column.name) for column in jobs.columns} | {"resources": job.resources.as_json()}


def _from_row(row: sa.Row[Any]) -> records.Job:
    values = dict(row._mapping)
    return records.Job(
        **values
        | {
            "kind": records.Kind(values["kind"]),
            "state": states.State(values["state"]),
            "reason": values["reason"] and states.Reason(values["reason"]),
            "resources": resources.Resources.from_json(values["resources"]),
        }
    )


def _move(row: sa.Row[Any]) -> records.Move:
    return records.Move(
        job_id=row.job_id,
        time=row.time,
        old=row.old and states.State(row.old),
        new=states.State(row.new),
        reason=row.reason and states.Reason(row.reason),
        message=row.message,
    )
