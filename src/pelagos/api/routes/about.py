"""The hub itself: who is asking, its settings, and the search over everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import fastapi

import pelagos
from pelagos import catalog, orchestrator
from pelagos.api import asking, shapes

EACH = 8
"""How many of each kind a search gives."""

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
    found = list(_found(hub, q.strip())) if q.strip() else []
    return shapes.listed(found, len(found))


def _found(hub: orchestrator.Hub, text: str) -> Iterator[dict[str, str]]:
    for hit in catalog.search(hub.cards, catalog.Query(text, limit=EACH)).hits:
        yield _one("module", hit.name, hit.title, hit.summary, f"/modules/{hit.name}")
    for model in hub.models.list(text=text, limit=EACH):
        yield _one("model", model.id, model.title or model.id[:8], model.module, f"/models/{model.id}")
    for each in hub.deployments.find(text=text, limit=EACH):
        yield _one("deployment", each.id, each.wish.title or each.wish.module, each.state, f"/deployment/{each.id}")
    for job in hub.jobs.find(text=text, limit=EACH):
        yield _one("run", job.id, f"{job.module} {job.id[:8]}", job.state, f"/runs/{job.id}")
    for data in hub.datasets.list():
        if text.casefold() in data.name.casefold():
            yield _one("dataset", data.name, data.name, f"{data.files} files", "/datasets")


def _one(kind: str, identifier: str, title: str, note: str, path: str) -> dict[str, str]:
    return {"kind": kind, "id": identifier, "title": title, "note": note[:200], "path": path}
