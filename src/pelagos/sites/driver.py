"""The protocol that every site driver fulfils. This page is a driver author's whole manual.

A driver has no threads and no state but the handle. `conformance.py` is the test class that it must pass.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from pelagos.domain import resources, states

Handle = Mapping[str, Any]
"""Plain JSON by which a driver finds again what it launched, after any restart."""


class Ability(enum.StrEnum):
    """What a site can do."""

    GPU = "gpu"
    CONTAINER = "container"
    SERVICE = "service"
    BATCH = "batch"
    MULTINODE = "multinode"


@dataclasses.dataclass(frozen=True)
class Command:
    """One thing to start: `python -m pelagos.module.job SPEC` for a job, `pelagos run` for a deployment."""

    arguments: tuple[str, ...]
    """Program and arguments; the program is an absolute path on the site."""
    folder: Path
    """The run folder: spec in, log, metrics and outcome out."""
    environment: Mapping[str, str]
    """Variables added to the site's own."""
    resources: resources.Resources
    token: str
    """Names this attempt; every process of the run carries it in its environment as PELAGOS_RUN."""

    def as_json(self) -> dict[str, Any]:
        """Give the plain form that a record keeps."""
        return {
            "arguments": list(self.arguments),
            "folder": str(self.folder),
            "environment": dict(self.environment),
            "resources": self.resources.as_json(),
            "token": self.token,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Command:
        """Read the plain form back."""
        return cls(
            arguments=tuple(plain["arguments"]),
            folder=Path(plain["folder"]),
            environment=dict(plain["environment"]),
            resources=resources.Resources.from_json(plain["resources"]),
            token=plain["token"],
        )


class Sight(enum.StrEnum):
    """What a driver sees of a run."""

    WAITING = "waiting"
    """Accepted by the site, not begun."""
    ALIVE = "alive"
    """Its supervisor holds the lock."""
    ENDED = "ended"
    """It wrote an outcome."""
    VANISHED = "vanished"
    """No supervisor and no outcome."""
    UNKNOWN = "unknown"
    """The site did not answer; nothing may be concluded."""


@dataclasses.dataclass(frozen=True)
class Sighting:
    """One look at one run."""

    sight: Sight
    reason: states.Reason | None = None
    """Of an ended run: why."""
    message: str = ""
    started: datetime.datetime | None = None
    finished: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True)
class Offer:
    """What a site could give now for some resources, or why not."""

    site: str
    reasons: tuple[str, ...] = ()
    """Why it cannot; empty when it can."""
    free: resources.Resources | None = None
    """What is free now."""
    wait_s: float | None = None
    """Estimated time in its queue."""
    gpus: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """Free accelerators by model name."""
    price_per_hour: float | None = None
    dated: datetime.datetime | None = None

    @property
    def possible(self) -> bool:
        """Whether the site can take it."""
        return not self.reasons


class SiteDriver(Protocol):
    """Knows how to start a command on a site, look at it and stop it."""

    can: ClassVar[frozenset[Ability]]
    """What the site can do; asked before anything else."""

    @property
    def slots(self) -> int | None:
        """How many jobs may be at the site at once; None when the site keeps a queue of its own.

        For a site with slots `Offer.free` is what it has in all: what its jobs asked for is subtracted by the caller.
        """

    def offers(self, need: resources.Resources) -> Sequence[Offer]:
        """Tell what the site could give for `need`, dated, or the reasons why not. Returns within 10 s."""

    def launch(self, command: Command) -> Handle:
        """Start a command and return at once, within 10 s, with a handle of plain JSON.

        May be called twice with the same token: the second call must not start a second run (the `started` marker in
        the run folder decides), and returns an equal handle. The driver adds PELAGOS_RUN=<token> to the environment.
        Raises Unavailable when the site cannot take it now: it is asked again later. Any other error is final.
        """

    def poll(self, handles: Sequence[Handle]) -> Sequence[Sighting]:
        """Look at all runs in one call; one sighting for each handle, in order. Never raises for a single run.

        A vanished run's `reason` is START_FAILED when it never began and SITE_LOST when it did. Raises SiteUnreachable
        when the site does not answer at all.
        """

    def stop(self, handle: Handle) -> None:
        """End the whole process tree: ask, wait a grace, kill. Silent if it is gone.

        Returns within 1 s. Raises NotYet when the end was asked for but has not come: ask again. Also called for a
        vanished run, to end what its supervisor may have left behind.
        """

    def logs(self, handle: Handle, start: int) -> bytes:
        """Give the log from byte `start` on; empty at its end. At most 1 MiB a call."""
