"""Records: what the database remembers. They are frozen; a change makes a new one."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from typing import Any

from pelagos.domain import resources, states


class Kind(enum.StrEnum):
    """What a job does."""

    TRAINING = "training"
    BATCH_PREDICTION = "batch_prediction"


@dataclasses.dataclass(frozen=True)
class Job:
    """A training or a batch prediction, from its acceptance to its end and after."""

    id: str
    """32 hexadecimal digits; also the name of its run folder and, for a training, the id of its model."""
    kind: Kind
    module: str
    """Name of the module."""
    arguments: Mapping[str, Any]
    """After validation and defaults; a file is `{"$file": {"name", "content_type", "path"}}`, a folder
    `{"$folder": path}`."""
    resources: resources.Resources
    site: str
    created: datetime.datetime
    state: states.State = states.State.QUEUED
    reason: states.Reason | None = None
    message: str = ""
    """What went wrong, for the user."""
    key: str | None = None
    """Idempotency key of the submission."""
    command: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """How to start its supervisor, as `sites.driver.Command` in plain form."""
    handle: Mapping[str, Any] | None = None
    """The site's own handle, plain JSON."""
    attempt: int = 0
    """How many times it was handed to a site."""
    started: datetime.datetime | None = None
    finished: datetime.datetime | None = None
    result: Any = None
    """What the module returned."""
    deleted: datetime.datetime | None = None
    """When its files were deleted; the record stays."""
    person: str = ""
    """Who asked for it; empty for whom the machine knows only."""
    version: int = 1
    """Counts the changes; an update names the version it read."""

    def evolve(self, **changes: Any) -> Job:
        """Make the record that follows this one."""
        return dataclasses.replace(self, **changes)


@dataclasses.dataclass(frozen=True)
class Move:
    """One line of a job's history."""

    job_id: str
    time: datetime.datetime
    old: states.State | None
    new: states.State
    reason: states.Reason | None
    message: str
