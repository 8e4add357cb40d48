"""Search over everything a hub has, for its pages and its API."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pelagos import catalog
from pelagos.orchestrator import hub


@dataclasses.dataclass(frozen=True)
class Found:
    """One thing that fits."""

    kind: str
    """`module`, `model`, `deployment`, `run` or `dataset`."""
    id: str
    title: str
    note: str
    path: str
    """Where its page is."""


def find(known: hub.Hub, text: str, each: int) -> Iterator[Found]:
    """Look for words in modules, models, deployments, runs and data sets, in this order; `each` of a kind at most."""
    for hit in catalog.search(known.cards, catalog.Query(text, limit=each)).hits:
        yield Found("module", hit.name, hit.title, hit.summary, f"/modules/{hit.name}")
    for model in known.models.list(text=text, limit=each):
        note = " ".join((model.module, *model.aliases))
        yield Found("model", model.id, model.title or model.id[:8], note, f"/models/{model.id}")
    for one in known.deployments.find(text=text, limit=each):
        title = one.wish.title or f"{one.wish.module} {one.id[:8]}"
        yield Found("deployment", one.id, title, one.state, f"/deployment/{one.id}")
    for job in known.jobs.find(text=text, limit=each):
        yield Found("run", job.id, f"{job.module} {job.id[:8]}", job.state, f"/runs/{job.id}")
    fitting = [data for data in known.datasets.list() if text.casefold() in data.name.casefold()]
    for data in fitting[:each]:
        yield Found("dataset", data.name, data.name, f"{data.files} files", f"/datasets/{data.name}")
