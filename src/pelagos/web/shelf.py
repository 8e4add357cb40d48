"""What the hub knows about one module: its card, whether it is installed, where it came from, what runs of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import catalog, environments, orchestrator
from pelagos.catalog import folders, source_store, sources
from pelagos.domain import errors
from pelagos.environments import sources as module_sources
from pelagos.web import desk as desks

RUNNING = (orchestrator.State.CREATE_COMPLETE, orchestrator.State.UPDATE_COMPLETE)
_ON_THE_WAY = (orchestrator.State.CREATE_IN_PROGRESS, orchestrator.State.UPDATE_IN_PROGRESS)


@dataclasses.dataclass(frozen=True)
class Entry:
    """One module."""

    record: catalog.Record
    installed: environments.Installed | None
    folder: Path | None
    """The module's own folder, where the hub can read it."""
    source: str
    """What `pelagos install` takes; empty when nobody knows."""

    @property
    def card(self) -> catalog.Card:
        """What its authors say."""
        return self.record.card


def find(desk: desks.Desk, name: str) -> Entry:
    """Find a module by its card; raises NotFound."""
    record = _record(desk, name)
    try:
        known = desk.installed().get(module_sources.normalised(name))
        installed = desk.hub.modules.find(known) if known is not None else None
    except errors.NotFound:
        installed = None  # It went meanwhile, or its folder did.
    folder = installed.folder if installed is not None and installed.folder is not None else _folder(desk, record)
    return Entry(record, installed, folder, _source(record.card, installed, folder))


def serving(desk: desks.Desk, name: str) -> orchestrator.Deployment | None:
    """Find the deployment of a module that predictions can go to: one that runs, else one that comes up."""
    found = desk.hub.deployments.find(module=name, states=(*RUNNING, *_ON_THE_WAY))
    served = [each for each in found if each.wish.what is orchestrator.What.MODULE and each.wish.module == name]
    return min(served, key=lambda each: each.state not in RUNNING, default=None)


def faults(entry: Entry) -> tuple[catalog.Fault, ...]:
    """List what is wrong with the card, as far as the hub can read what its author wrote."""
    if entry.folder is None or not entry.folder.is_dir():
        return ()
    return folders.read(entry.folder, entry.card.name).faults


def method(description: Mapping[str, Any] | None, name: str) -> Mapping[str, Any] | None:
    """Give the description of `predict` or `train`; None when the module lacks it or is not installed."""
    found: Mapping[str, Any] | None = (description or {}).get(name)
    return found


def _record(desk: desks.Desk, name: str) -> catalog.Record:
    try:
        return desk.hub.cards.get(name)
    except errors.NotFound:
        if name not in desk.installed().values():
            raise
        # Installed a moment ago, in a terminal: its card has not been read.
        desk.hub.sources.refresh(sources.INSTALLED)
        return desk.hub.cards.get(name)


def _folder(desk: desks.Desk, record: catalog.Record) -> Path | None:
    try:
        source = desk.hub.sources.get(record.source)
    except errors.NotFound:
        return None
    if source.kind is not source_store.Kind.FOLDER:
        return None
    root = Path(source.location)
    inside = root / record.card.name
    return inside if inside.is_dir() else root


def _source(each: catalog.Card, installed: environments.Installed | None, folder: Path | None) -> str:
    if installed is not None and installed.source:
        return installed.source
    return str(folder) if folder is not None else each.links.source or ""
