"""The record of a deployment: what somebody wants kept running, where it stands, and the processes that do it.

Records are frozen; a change makes a new one. Nothing here reads a clock, a file or the database.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos.domain import resources


class State(enum.StrEnum):
    """Where a deployment is in its life; the words are those that users of DEEP know."""

    CREATE_IN_PROGRESS = "CREATE_IN_PROGRESS"
    """Accepted; not all replicas have answered yet."""
    CREATE_COMPLETE = "CREATE_COMPLETE"
    """All replicas answer; they are watched."""
    CREATE_FAILED = "CREATE_FAILED"
    """Its replicas did not come up, or went down again and again; nothing runs."""
    UPDATE_IN_PROGRESS = "UPDATE_IN_PROGRESS"
    """New replicas come up; the old ones serve until they answer."""
    UPDATE_COMPLETE = "UPDATE_COMPLETE"
    """All replicas answer; they are watched."""
    UPDATE_FAILED = "UPDATE_FAILED"
    """The change did not come up; what ran before it goes on, if anything did."""
    STOP_IN_PROGRESS = "STOP_IN_PROGRESS"
    """Its replicas are being ended; the record stays."""
    STOP_COMPLETE = "STOP_COMPLETE"
    """Nothing runs; it can be started again."""
    DELETE_IN_PROGRESS = "DELETE_IN_PROGRESS"
    """Its replicas are being ended and its files removed."""
    DELETE_COMPLETE = "DELETE_COMPLETE"
    """Gone; record and history stay."""
    DELETE_FAILED = "DELETE_FAILED"
    """A site refused to end a replica; delete it again."""

    @property
    def final(self) -> bool:
        """Whether the state never changes again."""
        return self is State.DELETE_COMPLETE

    @property
    def in_progress(self) -> bool:
        """Whether the loop is at work on it."""
        return self.value.endswith("_IN_PROGRESS")

    @property
    def serving(self) -> bool:
        """Whether as many replicas as wished for shall run."""
        return self in SERVING

    @property
    def ending(self) -> bool:
        """Whether all replicas shall go."""
        return self in (State.STOP_IN_PROGRESS, State.DELETE_IN_PROGRESS)


SERVING = frozenset({State.CREATE_IN_PROGRESS, State.CREATE_COMPLETE, State.UPDATE_IN_PROGRESS, State.UPDATE_COMPLETE})
_ALL = frozenset(State)
_WHEN_UP = frozenset({State.UPDATE_IN_PROGRESS, State.STOP_IN_PROGRESS, State.DELETE_IN_PROGRESS})
_AGAIN = _WHEN_UP | {State.CREATE_IN_PROGRESS}

MOVES: Mapping[State, frozenset[State]] = {
    State.CREATE_IN_PROGRESS: _WHEN_UP | {State.CREATE_COMPLETE, State.CREATE_FAILED},
    State.CREATE_COMPLETE: _WHEN_UP | {State.CREATE_FAILED},
    State.CREATE_FAILED: _AGAIN,
    State.UPDATE_IN_PROGRESS: _WHEN_UP | {State.UPDATE_COMPLETE, State.UPDATE_FAILED},
    State.UPDATE_COMPLETE: _WHEN_UP | {State.UPDATE_FAILED},
    State.UPDATE_FAILED: _WHEN_UP,
    State.STOP_IN_PROGRESS: _WHEN_UP | {State.STOP_COMPLETE},
    State.STOP_COMPLETE: frozenset({State.UPDATE_IN_PROGRESS, State.DELETE_IN_PROGRESS}),
    State.DELETE_IN_PROGRESS: frozenset({State.DELETE_COMPLETE, State.DELETE_FAILED}),
    State.DELETE_COMPLETE: frozenset(),
    State.DELETE_FAILED: frozenset({State.DELETE_IN_PROGRESS}),
}


def may_move(old: State, new: State) -> bool:
    """Whether a deployment in state `old` may go to `new`."""
    return new in MOVES[old]


class What(enum.StrEnum):
    """What a deployment runs."""

    MODULE = "module"
    """The module's API and console, `pelagos run`."""
    JUPYTER = "jupyter"
    """JupyterLab, with the module's environment where it has one."""
    COMMAND = "command"
    """A command of the user's own, in the module's environment."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """What somebody wants to run."""

    module: str
    what: What = What.MODULE
    command: tuple[str, ...] = ()
    """Of a custom command: program and arguments; `{port}` becomes a free port of the loopback."""
    title: str = ""
    model: str | None = None
    """The trained model that predictions use unless they name one; None is the pretrained one."""
    resources: resources.Resources = dataclasses.field(default_factory=resources.Resources)
    """Of each replica."""
    replicas: int = 1
    idle_stop_s: float | None = None
    """Stop it after so long without a request; None never."""
    wake: bool = True
    """Whether a request starts it again after an idle stop."""
    site: str | None = None
    """None: the best one is chosen."""

    @property
    def opens_machine(self) -> bool:
        """Whether who reaches it can run whatever they like as the hub's user: that is for admins only."""
        return self.what is not What.MODULE

    def as_json(self) -> dict[str, Any]:
        """Give the plain form that is stored and sent."""
        return {
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "command": list(self.command),
            "resources": self.resources.as_json(),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Wish:
        """Read the plain form back; unknown keys are passed over."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in plain.items() if key in known}
        values["what"] = What(values.get("what", What.MODULE))
        values["command"] = tuple(values.get("command", ()))
        values["resources"] = resources.Resources.from_json(values.get("resources", {}))
        return cls(**values)

    def runs_like(self, other: Wish) -> bool:
        """Whether the replicas of one do for the other: no process has to be replaced."""
        aside = {"title": "", "replicas": 1, "idle_stop_s": None, "wake": True}
        return dataclasses.replace(self, **aside) == dataclasses.replace(other, **aside)  # type: ignore[arg-type]


class Health(enum.StrEnum):
    """Where a replica is."""

    STARTING = "starting"
    """Handed to its site, or about to be; it has not answered."""
    HEALTHY = "healthy"
    """It answers."""
    WAITING = "waiting"
    """It died; it is started again after a pause."""
    ENDING = "ending"
    """It is to go, and goes when its site says that nothing is left of it."""


@dataclasses.dataclass(frozen=True)
class Replica:
    """One of the processes of a deployment, with one attempt to run it."""

    number: int
    """Its place, from 0."""
    token: str
    """Names this attempt and its run folder; a new attempt has a new one."""
    generation: int
    """The version of the wish that it was made for."""
    site: str
    since: datetime.datetime
    """When it came into its state."""
    what: What = What.MODULE
    state: Health = Health.STARTING
    command: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """How to start it, as `sites.driver.Command` in plain form."""
    address: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Where it listens: `{"socket": path}` or `{"host", "port"}`."""
    handle: Mapping[str, Any] | None = None
    """The site's own handle, plain JSON."""
    tries: int = 0
    """How often it died since it was last well for a while."""
    message: str = ""

    def evolve(self, **changes: Any) -> Replica:
        """Make the record that follows this one."""
        return dataclasses.replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Give the plain form."""
        return {**vars(self), "since": self.since.isoformat()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Replica:
        """Read the plain form back; unknown keys are passed over."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in plain.items() if key in known}
        since = datetime.datetime.fromisoformat(values["since"])
        return cls(**{**values, "since": since, "state": Health(values["state"]), "what": What(values["what"])})


@dataclasses.dataclass(frozen=True)
class Address:
    """Where requests to a deployment go: a Unix socket, or a port of this machine. Paths are kept as they came."""

    socket: Path | None = None
    host: str = "127.0.0.1"
    port: int | None = None

    @classmethod
    def of(cls, replica: Replica) -> Address:
        """Read the address of a replica."""
        plain = replica.address
        if "socket" in plain:
            return cls(socket=Path(plain["socket"]))
        return cls(host=plain["host"], port=plain["port"])


@dataclasses.dataclass(frozen=True)
class Deployment:
    """A module, a JupyterLab or a command that is kept running."""

    id: str
    """32 hexadecimal digits; it is reached at `/deployments/<id>/`."""
    wish: Wish
    created: datetime.datetime
    changed: datetime.datetime
    """When its state changed last."""
    last_used: datetime.datetime
    state: State = State.CREATE_IN_PROGRESS
    message: str = ""
    """What goes on or went wrong, for the user."""
    site: str | None = None
    """The chosen site; None while none is chosen."""
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Why this site, in plain form (see `plans.Plan`)."""
    replicas: tuple[Replica, ...] = ()
    generation: int = 1
    """Counts the changes that need new processes."""
    previous: Mapping[str, Any] | None = None
    """During an update: what ran before and takes over again if the change fails."""
    idle: bool = False
    """Whether it was stopped because nobody used it."""
    person: str = ""
    key: str | None = None
    version: int = 1
    """Counts the changes; an update names the version it read."""

    def evolve(self, **changes: Any) -> Deployment:
        """Make the record that follows this one."""
        return dataclasses.replace(self, **changes)

    @property
    def current(self) -> tuple[Replica, ...]:
        """The replicas of the present wish that shall stay."""
        return tuple(
            replica
            for replica in self.replicas
            if replica.generation == self.generation and replica.state is not Health.ENDING
        )

    def with_replica(self, token: str, new: Replica | None) -> tuple[Replica, ...]:
        """Give the replicas with one of them replaced, or without it."""
        return tuple(
            found for replica in self.replicas if (found := new if replica.token == token else replica) is not None
        )

    def all_ending(self, now: datetime.datetime) -> tuple[Replica, ...]:
        """Give the replicas, all of them to go."""
        return tuple(ending(replica, now) for replica in self.replicas)


def ending(replica: Replica, now: datetime.datetime) -> Replica:
    """Let a replica go."""
    return replica if replica.state is Health.ENDING else replica.evolve(state=Health.ENDING, since=now)


@dataclasses.dataclass(frozen=True)
class Move:
    """One line of a deployment's history."""

    deployment_id: str
    time: datetime.datetime
    old: State | None
    new: State
    message: str
    person: str
