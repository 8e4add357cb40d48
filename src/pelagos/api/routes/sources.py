"""Sources of cards."""

from __future__ import annotations

import asyncio
from typing import Any

import fastapi

from pelagos import catalog, identity, orchestrator
from pelagos.api import asking, shapes

router = fastapi.APIRouter(tags=["Sources"], prefix="/sources")


class NewSource(shapes.Asked):
    """A source to add."""

    location: str
    """A folder, a git address, or a list of repositories."""
    kind: str | None = None
    """`folder`, `git` or `index`; by its looks when it is left out."""


@router.get("", response_model=shapes.Listed[shapes.Source])
def listed(hub: asking.Hub) -> dict[str, Any]:
    """List the sources."""
    found = hub.sources.list()
    return shapes.listed(found, len(found))


@router.post("", response_model=shapes.Source, status_code=201)
async def add(hub: asking.Hub, person: asking.Person, new: NewSource, key: asking.Key = None) -> catalog.Source:
    """Add a source and read it; what goes wrong while it is read is in `error`. For admins."""
    person.require(identity.Role.ADMIN)
    said = {"kind": new.kind}
    kind = orchestrator.Kind.SOURCE
    act = await asyncio.to_thread(hub.acts.begin, kind, new.location, said, key=key, person=person.name)
    added = (await hub.acts.wait(act.id)).outcome()
    return await asyncio.to_thread(hub.sources.get, added["id"])


@router.post("/{source_id}/refresh", response_model=shapes.Source)
def refresh(hub: asking.Hub, person: asking.Person, source_id: str) -> catalog.Source:
    """Read a source again. For admins."""
    person.require(identity.Role.ADMIN)
    return hub.sources.refresh(source_id)[0]


@router.delete("/{source_id}", status_code=204)
def remove(hub: asking.Hub, person: asking.Person, source_id: str) -> None:
    """Forget a source and its cards. For admins."""
    person.require(identity.Role.ADMIN)
    hub.sources.remove(source_id)
