"""What the hub's API and pages are handed: every room's door, in one frozen value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pelagos import catalog, environments, identity, storage
from pelagos import jobs as jobs_room
from pelagos.domain import clock
from pelagos.orchestrator import acts, deployments, runs
from pelagos.sites import driver


@dataclasses.dataclass(frozen=True)
class Setting:
    """One setting as people see it."""

    name: str
    """Such as `hub.listen_port`."""
    value: Any
    help: str = ""
    origin: str = "default"
    """`default`, the file's path, the variable or the flag."""


@dataclasses.dataclass(frozen=True)
class HubSettings:
    """Limits that pages and routes keep to, and all settings as they are shown."""

    upload_max_size: int = 50 * 2**30
    """Largest upload, in bytes."""
    shown: tuple[Setting, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give the plain form."""
        return {
            "upload_max_size": self.upload_max_size,
            "settings": [{**vars(each), "value": _plain(each.value)} for each in self.shown],
        }


@dataclasses.dataclass(frozen=True)
class Hub:
    """One hub, put together."""

    address: str
    """As people reach it, such as `http://127.0.0.1:8800`."""
    cards: catalog.Store
    sources: catalog.Sources
    proposals: catalog.Proposals
    modules: environments.Environments
    """The installed ones."""
    jobs: jobs_room.Jobs
    models: jobs_room.TrainedModels
    datasets: storage.Datasets
    deployments: deployments.Deployments
    runs: runs.Runs
    acts: acts.Acts
    sites: Mapping[str, driver.SiteDriver]
    people: identity.LocalIdentity
    clock: clock.Clock
    settings: HubSettings


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
