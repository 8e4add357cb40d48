"""The hub itself: who is asking, its settings, and the search over everything."""

from __future__ import annotations

from typing import Any

import fastapi

import pelagos
from pelagos.api import asking, shapes
from pelagos.orchestrator import finding

EACH = 8
"""How many of each kind a search gives."""
LONGEST_NOTE = 200

router = fastapi.APIRouter(tags=["The hub"])


@router.get("/me")
def me(person: asking.Person) -> dict[str, Any]:
    """Tell who is asking, and what they may do."""
    return {"name": person.name, "roles": sorted(person.roles), "via": person.via}


@router.get("/settings")
def settings(hub: asking.Hub) -> dict[str, Any]:
    """Give the hub's settings and its version."""
    return {"version": pelagos.__version__, "address": hub.address, **hub.settings.as_json()}


@router.get("/search", response_model=shapes.Listed[shapes.Found])
def search(hub: asking.Hub, q: str = fastapi.Query(max_length=200)) -> dict[str, Any]:
    """Look for words in modules, runs, models, deployments and data sets; a few of each."""
    found = finding.find(hub, q.strip(), EACH) if q.strip() else ()
    items = [{**vars(one), "note": one.note[:LONGEST_NOTE]} for one in found]
    return shapes.listed(items, len(items))
