"""The records of deployments: their tables, and all of the room's SQL."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

import pelagos.db
from pelagos.domain import errors
from pelagos.orchestrator import deployment

_JSON = sa.JSON(none_as_null=True)
_QUIET = (deployment.State.STOP_COMPLETE, deployment.State.DELETE_COMPLETE)

deployments = sa.Table(
    "deployments",
    pelagos.db.METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("module", sa.String(200), nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("wish", _JSON, nullable=False),
    sa.Column("state", sa.String(32), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("site", sa.String(100)),
    sa.Column("plan", _JSON, nullable=False),
    sa.Column("replicas", _JSON, nullable=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("previous", _JSON),
    sa.Column("idle", sa.Boolean, nullable=False),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Column("key", sa.String(200)),
    sa.Column("created", pelagos.db.Utc, nullable=False),
    sa.Column("changed", pelagos.db.Utc, nullable=False),
    sa.Column("last_used", pelagos.db.Utc, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.UniqueConstraint("key", name="deployments_key"),
    sa.Index("deployments_state", "state", "created"),
    sa.Index("deployments_module", "module", "created"),
)

history = sa.Table(
    "deployment_history",
    pelagos.db.METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("deployment_id", sa.String(32), sa.ForeignKey("deployments.id"), nullable=False),
    sa.Column("time", pelagos.db.Utc, nullable=False),
    sa.Column("old", sa.String(32)),
    sa.Column("new", sa.String(32), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("person", sa.String(200), nullable=False),
    sa.Index("deployment_history_deployment", "deployment_id", "id"),
)


class Store:
    """Reads and writes deployments. Safe to share among threads."""

    def __init__(self, database: pelagos.db.Database) -> None:
        self._database = database

    def add(self, new: deployment.Deployment) -> None:
        """Record a new deployment. Raises Conflict when its id or key is taken."""
        try:
            with self._database.write() as writing:
                writing.execute(deployments.insert().values(_to_row(new)))
                _write_history(writing, new, old=None, person=new.person)
        except sa.exc.IntegrityError as error:
            raise errors.Conflict(f"There is a deployment {new.id} or one with its key already.") from error

    def get(self, deployment_id: str) -> deployment.Deployment:
        """Find a deployment by its id; raises NotFound."""
        found = self._one(deployments.c.id == deployment_id)
        if found is None:
            raise errors.NotFound(f"There is no deployment {deployment_id}.")
        return found

    def by_key(self, key: str) -> deployment.Deployment | None:
        """Find the deployment that was accepted under an idempotency key."""
        return self._one(deployments.c.key == key)

    def find(
        self, conditions: Sequence[sa.ColumnElement[bool]], *, limit: int | None = None, offset: int = 0
    ) -> tuple[deployment.Deployment, ...]:
        """List the deployments that meet all conditions, newest first."""
        newest = sa.select(deployments).where(*conditions)
        newest = newest.order_by(deployments.c.created.desc(), deployments.c.id.desc())
        with self._database.read() as reading:
            return tuple(_from_row(row) for row in reading.execute(newest.limit(limit).offset(offset)))

    def versions(self, conditions: Sequence[sa.ColumnElement[bool]], limit: int) -> tuple[tuple[str, int], ...]:
        """Give id and version of the newest that meet all conditions: this differs when the list of them does."""
        newest = sa.select(deployments.c.id, deployments.c.version).where(*conditions)
        newest = newest.order_by(deployments.c.created.desc(), deployments.c.id.desc())
        with self._database.read() as reading:
            return tuple((row.id, row.version) for row in reading.execute(newest.limit(limit)))

    def count(self, conditions: Sequence[sa.ColumnElement[bool]]) -> int:
        """Count the deployments that meet all conditions."""
        with self._database.read() as reading:
            return reading.execute(sa.select(sa.func.count()).select_from(deployments).where(*conditions)).scalar_one()

    def live(self) -> tuple[deployment.Deployment, ...]:
        """List the deployments that the loop has to look at, oldest first."""
        wanted = sa.select(deployments).where(deployments.c.state.not_in(_QUIET))
        with self._database.read() as reading:
            rows = reading.execute(wanted.order_by(deployments.c.created, deployments.c.id))
            return tuple(_from_row(row) for row in rows)

    def history(self, deployment_id: str) -> tuple[deployment.Move, ...]:
        """List a deployment's moves, oldest first."""
        moves = sa.select(history).where(history.c.deployment_id == deployment_id).order_by(history.c.id)
        with self._database.read() as reading:
            return tuple(_move(row) for row in reading.execute(moves))

    def move(
        self,
        old: deployment.Deployment,
        state: deployment.State,
        now: datetime.datetime,
        *,
        message: str = "",
        person: str = "",
        **changes: Any,
    ) -> deployment.Deployment:
        """Move a deployment to another state and write its history, both or neither. The only way a state changes.

        Raises Conflict when the move is not allowed, StaleRecord when somebody changed it since it was read.
        """
        if not deployment.may_move(old.state, state):
            raise errors.Conflict(f"Deployment {old.id} is {old.state} and cannot become {state}.")
        new = old.evolve(state=state, changed=now, message=message, **changes)
        with self._database.write() as writing:
            moved = _replace(writing, old, new)
            _write_history(writing, moved, old=old.state, person=person)
            return moved

    def amend(
        self, old: deployment.Deployment, *, noted: datetime.datetime | None = None, **changes: Any
    ) -> deployment.Deployment:
        """Change facts of a deployment other than its state; raises StaleRecord as `move` does.

        With `noted` its message becomes a line of the history too.
        """
        with self._database.write() as writing:
            new = _replace(writing, old, old.evolve(**changes))
            if noted is not None:
                _write_history(writing, new.evolve(changed=noted), old=old.state, person="")
            return new

    def used(self, deployment_id: str, now: datetime.datetime) -> None:
        """Note that a deployment was used. It leaves the version alone: it is no change that anybody could miss."""
        noted = deployments.update().where(deployments.c.id == deployment_id, deployments.c.last_used < now)
        with self._database.write() as writing:
            writing.execute(noted.values(last_used=now))

    def _one(self, condition: sa.ColumnElement[bool]) -> deployment.Deployment | None:
        with self._database.read() as reading:
            row = reading.execute(sa.select(deployments).where(condition)).one_or_none()
        return None if row is None else _from_row(row)


def conditions(
    *, module: str | None = None, states: Sequence[deployment.State] = (), text: str = ""
) -> list[sa.ColumnElement[bool]]:
    """Say which deployments are meant; without states all but those that are gone.

    `text` is looked for in id, module, title and message.
    """
    gone = deployments.c.state == deployment.State.DELETE_COMPLETE
    wanted: list[sa.ColumnElement[bool]] = [deployments.c.state.in_(states) if states else sa.not_(gone)]
    if module is not None:
        wanted.append(deployments.c.module == module)
    if text:
        places = (deployments.c.id, deployments.c.module, deployments.c.title, deployments.c.message)
        wanted.append(sa.or_(*(place.icontains(text, autoescape=True) for place in places)))
    return wanted


def _replace(writing: sa.Connection, old: deployment.Deployment, new: deployment.Deployment) -> deployment.Deployment:
    new = new.evolve(version=old.version + 1)
    # Requests note their use at any time; an older moment must not come back with a record that was read before.
    row = {name: value for name, value in _to_row(new).items() if name != "last_used" or new.last_used > old.last_used}
    unchanged = (deployments.c.id == old.id, deployments.c.version == old.version)
    if writing.execute(deployments.update().where(*unchanged).values(row)).rowcount != 1:
        raise errors.StaleRecord(f"Deployment {old.id} was changed by somebody else.")
    return new


def _write_history(
    writing: sa.Connection, new: deployment.Deployment, *, old: deployment.State | None, person: str
) -> None:
    line = {"deployment_id": new.id, "time": new.changed, "old": old, "new": new.state, "message": new.message}
    writing.execute(history.insert().values({**line, "person": person}))


def _to_row(record: deployment.Deployment) -> dict[str, Any]:
    plain = {
        "module": record.wish.module,
        "title": record.wish.title,
        "wish": record.wish.as_json(),
        "replicas": [replica.as_json() for replica in record.replicas],
    }
    return {name: plain[name] if name in plain else getattr(record, name) for name in deployments.columns.keys()}  # noqa: SIM118 - a collection of columns, no mapping


def _from_row(row: sa.Row[Any]) -> deployment.Deployment:
    values = dict(row._mapping)
    del values["module"], values["title"]
    return deployment.Deployment(
        **values
        | {
            "wish": deployment.Wish.from_json(values["wish"]),
            "state": deployment.State(values["state"]),
            "replicas": tuple(map(deployment.Replica.from_json, values["replicas"])),
        }
    )


def _move(row: sa.Row[Any]) -> deployment.Move:
    return deployment.Move(
        deployment_id=row.deployment_id,
        time=row.time,
        old=row.old and deployment.State(row.old),
        new=deployment.State(row.new),
        message=row.message,
        person=row.person,
    )
