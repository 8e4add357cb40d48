"""What the long acts of the hub do: fetch a data set, install a module, propose one, add a source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import catalog, environments, identity, storage
from pelagos.catalog import checking
from pelagos.catalog import sources as catalog_sources
from pelagos.domain import clock, errors, steps
from pelagos.environments import sources as module_sources
from pelagos.orchestrator.act_store import Act, Kind
from pelagos.orchestrator.acts import Doing

_TOLD = ("name", "kind", "version", "source", "size_bytes", "installed")
"""Of an installed module."""


class Doings:
    """The rooms that they are done with."""

    def __init__(
        self,
        *,
        datasets: storage.Datasets,
        modules: environments.Environments,
        sources: catalog.Sources,
        proposals: catalog.Proposals,
        clock: clock.Clock,
    ) -> None:
        self._datasets = datasets
        self._modules = modules
        self._sources = sources
        self._proposals = proposals
        self._clock = clock

    def all(self) -> Mapping[Kind, Doing]:
        """Give how each kind is done. Installations wait for one another anyhow."""
        return {
            Kind.DATASET: Doing(self._fetch, self._check_url, self._datasets.sweep, role=identity.Role.USER, at_once=4),
            Kind.INSTALLATION: Doing(self._install, _check_source, self._modules.sweep),
            Kind.PROPOSAL: Doing(self._propose, _check_folder, self._modules.sweep),
            Kind.SOURCE: Doing(self._add_source, self._check_place, at_once=2),
        }

    def _check_url(self, name: str, asked: Mapping[str, Any]) -> None:
        self._datasets.check_url(name, asked["url"])

    def _fetch(self, act: Act, progress: steps.Progress) -> Mapping[str, Any]:
        made = self._datasets.add_url(act.about, act.asked["url"], progress=progress, mark=act.id)
        return {"name": made.name, "files": made.files, "bytes": made.bytes, "created": made.created.isoformat()}

    def _install(self, act: Act, progress: steps.Progress) -> Mapping[str, Any]:
        made = self._modules.install(act.about, progress=progress)
        # Its card shall be there when somebody looks.
        self._sources.refresh(catalog_sources.INSTALLED)
        return {name: getattr(made, name) for name in _TOLD}

    def _propose(self, act: Act, progress: steps.Progress) -> Mapping[str, Any]:
        try:
            made = self._proposals.get(act.id)
        except errors.NotFound:
            report = checking.check(Path(act.about), clock=self._clock, modules=self._modules, progress=progress)
            progress(steps.Step("Proposing it"))
            made = self._proposals.propose(report, act.person, proposal_id=act.id)
        return {"id": made.id, "name": made.name}

    def _check_place(self, location: str, asked: Mapping[str, Any]) -> None:
        self._sources.check(location, asked["kind"])

    def _add_source(self, act: Act, progress: steps.Progress) -> Mapping[str, Any]:
        try:
            added = self._sources.add(act.about, act.asked["kind"])
        except errors.Conflict:
            if act.tries == 1:
                raise
            # A hub that was killed in the middle has added it.
            place = self._sources.check(act.about, act.asked["kind"])
            added = next(each for each in self._sources.list() if each.location == place)
        progress(steps.Step("Reading it"))
        return {"id": self._sources.refresh(added.id)[0].id}


def _check_source(source: str, _: Mapping[str, Any]) -> None:
    module_sources.parse(source, folder=Path.cwd())


def _check_folder(path: str, _: Mapping[str, Any]) -> None:
    if not Path(path).expanduser().is_dir():
        raise errors.InvalidInput({"path": [f"there is no folder '{path}'"]})
