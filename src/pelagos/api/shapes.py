"""What the API takes and gives, as OpenAPI describes it. Records of the rooms are read by their attributes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import pydantic

from pelagos import catalog, jobs, orchestrator
from pelagos.domain import records, states
from pelagos.domain import resources as needs
from pelagos.runtime.console import described, exhibits

Item = TypeVar("Item")


class Shape(pydantic.BaseModel):
    """What all shapes share."""

    model_config = pydantic.ConfigDict(from_attributes=True)


class Asked(pydantic.BaseModel):
    """What somebody sends: a name that means nothing is a mistake."""

    model_config = pydantic.ConfigDict(extra="forbid")

    @pydantic.model_validator(mode="before")
    @classmethod
    def _whole_characters(cls, said: Any) -> Any:
        """Refuse half a character, which JSON can write and no file or database can keep."""
        try:
            json.dumps(said, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            raise ValueError(f"holds half a character (\\u{ord(error.object[error.start]):x})") from None
        return said


class Listed(Shape, Generic[Item]):
    """A part of a list."""

    items: Sequence[Item]
    total: int
    """How many there are in all."""


class Resources(Asked):
    """What a run or a replica needs; what is left out is as much as the site gives."""

    cpus: int | None = pydantic.Field(default=None, ge=1)
    gpus: int = pydantic.Field(default=0, ge=0)
    memory_mb: int | None = pydantic.Field(default=None, ge=1)
    wall_time_s: float | None = pydantic.Field(default=None, gt=0)

    def needs(self) -> needs.Resources:
        """Give them as the rooms know them."""
        return needs.Resources(**self.model_dump())


class Module(Shape):
    """A module in a list."""

    name: str
    title: str
    summary: str
    category: str
    licence: str | None
    tasks: Sequence[str]
    tags: Sequence[str]
    status: catalog.Status
    installed: bool = False
    """Whether it can be trained and deployed here at once."""


class Count(Shape):
    """How many cards have a value."""

    value: str
    cards: int


class Modules(Listed[Module]):
    """What was found in the catalog."""

    matching: str
    """`all` words, or `any` of them."""
    repaired: dict[str, str]
    """Words that were looked for instead of misspelt ones."""
    facets: dict[str, Sequence[Count]]


class Card(Shape):
    """A module with all that its card says."""

    card: dict[str, Any]
    version: str
    """What the card states, else its commit, else a digest of it."""
    source: str
    commit: str
    imported: datetime.datetime | None
    installed: bool


class Version(Shape):
    """One version of a module's card."""

    version: str
    """What the card states, else its commit, else a digest of it."""
    source: str
    commit: str
    seen: datetime.datetime
    """When it was first read."""
    newest: bool
    """Whether the catalog shows it now."""
    installed: bool


class Installed(Shape):
    """An installed module."""

    name: str
    kind: str
    version: str
    source: str
    size_bytes: int
    installed: str


class Fault(Shape):
    """What could not be read in a card."""

    module: str
    file: str
    line: int
    column: int
    field: str
    message: str
    suggestion: str


class Source(Shape):
    """A source of cards."""

    id: str
    kind: str
    location: str
    commit: str
    refreshed: datetime.datetime | None
    tried: datetime.datetime | None
    error: str
    cards: int
    faults: Sequence[Fault]
    """The first hundred at most."""


class Dataset(Shape):
    """A data set."""

    name: str
    files: int
    bytes: int
    created: datetime.datetime


class Act(Shape):
    """Something that the hub itself does for a while."""

    id: str
    kind: orchestrator.Kind
    about: str
    """The data set's name, the module's source, the folder, or the place of the cards."""
    asked: dict[str, Any]
    state: orchestrator.ActState
    cancelling: bool
    step: str
    """What is being done."""
    done: int | None
    """Bytes that are there, of `total`."""
    total: int | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    """As answers have it: code, message, hint and faults."""
    person: str
    created: datetime.datetime
    changed: datetime.datetime


class Entry(Shape):
    """A file or folder in a data set."""

    name: str
    path: str
    folder: bool
    bytes: int


class Run(Shape):
    """A training or a batch prediction."""

    id: str
    kind: records.Kind
    module: str
    state: states.State
    reason: states.Reason | None
    message: str
    created: datetime.datetime
    started: datetime.datetime | None
    finished: datetime.datetime | None
    deleted: datetime.datetime | None
    took_s: float | None
    progress: dict[str, Any] | None
    """`fraction` and `message`, while it runs."""
    site: str
    arguments: dict[str, Any]
    """Values of secret arguments are veiled."""
    resources: dict[str, Any]
    result: Any


class Move(Shape):
    """One line of a history."""

    time: datetime.datetime
    old: str | None
    new: str
    message: str


class File(Shape):
    """A file that a run left."""

    name: str
    size: int


class Metrics(Shape):
    """What a run logged, from a place on; ask for more from `next`."""

    rows: Sequence[dict[str, Any]]
    next: int


class Model(Shape):
    """A trained model."""

    id: str
    module: str
    title: str
    description: str
    aliases: Sequence[str]
    created: datetime.datetime
    size: int
    metrics: dict[str, Any]


class Wish(Asked):
    """What shall be deployed."""

    model_config = pydantic.ConfigDict(extra="forbid", from_attributes=True)

    module: str
    what: orchestrator.What = orchestrator.What.MODULE
    command: Sequence[str] = ()
    title: str = pydantic.Field(default="", max_length=200)
    model: str | None = None
    resources: Resources = pydantic.Field(default_factory=Resources)
    replicas: int = pydantic.Field(default=1, ge=1, le=64)
    idle_stop_s: float | None = pydantic.Field(default=None, gt=0)
    wake: bool = True
    site: str | None = None

    def wish(self) -> orchestrator.Wish:
        """Give it as the orchestrator knows it."""
        given = {name: getattr(self, name) for name in type(self).model_fields}
        changed = {"resources": self.resources.needs(), "command": tuple(self.command)}
        return orchestrator.Wish(**given | changed)


class Replica(Shape):
    """One of the processes of a deployment."""

    number: int
    state: str
    site: str
    since: datetime.datetime
    tries: int
    message: str


class Deployment(Shape):
    """A module, a JupyterLab or a command that is kept running."""

    id: str
    path: str
    """Where it is reached, below the hub's address."""
    module: str
    title: str
    what: str
    wish: dict[str, Any]
    state: orchestrator.State
    message: str
    site: str | None
    plan: dict[str, Any]
    replicas: Sequence[Replica]
    created: datetime.datetime
    changed: datetime.datetime
    last_used: datetime.datetime
    person: str
    version: int


class Found(Shape):
    """Something that a search found."""

    kind: str
    """`module`, `run`, `model`, `deployment` or `dataset`."""
    id: str
    title: str
    note: str
    path: str
    """Its page, below the hub's address."""


def listed(items: Sequence[Any], total: int) -> dict[str, Any]:
    """Give a part of a list."""
    return {"items": items, "total": total}


def run(job: records.Job, known: jobs.Jobs, parameters: described.Parameters, now: datetime.datetime) -> Run:
    """Give a run; `parameters` tell which of its arguments are secret."""
    took = None if job.started is None else (job.finished or now) - job.started
    hidden = described.hidden(parameters, job.arguments)
    veiled = {name: exhibits.HIDDEN if name in hidden else value for name, value in job.arguments.items()}
    told = {
        "resources": job.resources.as_json(),
        "arguments": veiled,
        "took_s": None if took is None else round(took.total_seconds(), 3),
        "progress": None if job.state.final else known.run_folder(job.id).progress(),
    }
    plain = {name: getattr(job, name) for name in Run.model_fields if name not in told}
    return Run(**plain | told)


def deployment(record: orchestrator.Deployment) -> Deployment:
    """Give a deployment."""
    wish = record.wish
    told = {
        "path": f"/deployments/{record.id}/",
        "module": wish.module,
        "title": wish.title,
        "what": wish.what,
        "wish": wish.as_json(),
        "plan": dict(record.plan),
        "replicas": [Replica.model_validate(replica) for replica in record.replicas],
    }
    plain = {name: getattr(record, name) for name in Deployment.model_fields if name not in told}
    return Deployment(**plain | told)
