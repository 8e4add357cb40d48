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
    newest: str
    """The version that the catalog has now; empty when the module has left it."""

    @property
    def card(self) -> catalog.Card:
        """What its authors say."""
        return self.record.card

    @property
    def older(self) -> bool:
        """Whether the catalog has another version now, or none."""
        return self.record.version != self.newest


def find(desk: desks.Desk, name: str, version: str = "") -> Entry:
    """Find a module by its card, or by a version of it; raises NotFound."""
    former = desk.hub.cards.version(name, version) if version else None
    try:
        record = _record(desk, name)
    except errors.NotFound:
        if former is None:
            raise
        return Entry(former, _installed(desk, name), None, _pinned(desk, former), "")
    installed = _installed(desk, name)
    if former is not None and former.version != record.version:
        return Entry(former, installed, None, _pinned(desk, former), record.version)
    folder = installed.folder if installed is not None and installed.folder is not None else _folder(desk, record)
    return Entry(record, installed, folder, _source(record.card, installed, folder), record.version)


def serving(desk: desks.Desk, name: str) -> orchestrator.Deployment | None:
    """Find the deployment of a module that predictions can go to: one that runs, else one that comes up."""
    found = desk.hub.deployments.find(module=name, states=(*RUNNING, *_ON_THE_WAY))
    served = [each for each in found if each.wish.what is orchestrator.What.MODULE and each.wish.module == name]
    return min(served, key=lambda each: each.state not in RUNNING, default=None)


def faults(desk: desks.Desk, entry: Entry) -> tuple[catalog.Fault, ...]:
    """List what is wrong with the card that its author has now: in its folder, or as its source says."""
    if entry.older:
        return ()
    if entry.folder is not None and entry.folder.is_dir():
        return folders.read(entry.folder, entry.card.name).faults
    try:
        source = desk.hub.sources.get(entry.record.source)
    except errors.NotFound:
        return ()
    return tuple(each for each in source.faults if each.module == entry.card.name)


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


def _installed(desk: desks.Desk, name: str) -> environments.Installed | None:
    try:
        known = desk.installed().get(module_sources.normalised(name))
        return desk.hub.modules.find(known) if known is not None else None
    except errors.NotFound:
        return None  # It went meanwhile, or its folder did.


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


def _pinned(desk: desks.Desk, former: catalog.Record) -> str:
    """Give what installs a version: its repository at its commit; empty when one of them is not known."""
    address = former.card.links.source
    try:
        source = desk.hub.sources.get(former.source)
        # A repository of many modules does not install one of them.
        address = source.location if source.kind is source_store.Kind.GIT and source.cards <= 1 else address
    except errors.NotFound:
        pass  # Its source was removed; what the author says still holds.
    return f"{address.rstrip('/')}@{former.commit}" if address and former.commit else ""
