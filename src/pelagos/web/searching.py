"""Search over everything: what Ctrl+K opens, and a page of its own for those without scripts."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import catalog
from pelagos.web import desk as desks
from pelagos.web import recipes, using

EACH = 6
"""Most finds of one kind."""
LONGEST_CHARS = 200


@dataclasses.dataclass(frozen=True)
class Found:
    """One thing that fits."""

    title: str
    note: str
    address: str


Groups = list[tuple[str, list[Found]]]


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [Route("/search", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw what was found: the whole page, or only the finds when htmx asks."""
    text = request.query_params.get("q", "")[:LONGEST_CHARS].strip()
    groups = await asyncio.to_thread(search, desk, text)
    if request.headers.get("hx-request") == "true":
        return HTMLResponse(desk.draw("_found.html", groups=groups, text=text))
    return desk.page(
        request,
        "search.html",
        title="Search",
        groups=groups,
        text=text,
        recipe=recipes.everything(desk.origin(request), text),
    )


def search(desk: desks.Desk, text: str) -> Groups:
    """Look for words in everything the hub has; without words the pages are listed."""
    kinds = {
        "Pages": _pages,
        "Modules": _modules,
        "Runs": _runs,
        "Models": _models,
        "Deployments": _deployments,
        "Data sets": _datasets,
        "Sites": _sites,
    }
    asked = kinds if text else {"Pages": _pages}
    found = ((name, list(look(desk, text))[: EACH if text else None]) for name, look in asked.items())
    return [(name, some) for name, some in found if some]


def _pages(_: desks.Desk, text: str) -> Iterator[Found]:
    more = (("Sources", "/sources"), ("Review", "/proposals"))
    for name, address in (*((name, address) for _, name, address in desks.SECTIONS), *more):
        if text.casefold() in name.casefold():
            yield Found(name, "", address)


def _modules(desk: desks.Desk, text: str) -> Iterator[Found]:
    for hit in catalog.search(desk.hub.cards, catalog.Query(text, limit=EACH)).hits:
        yield Found(hit.title, hit.summary[:100], using.address(hit.name))


def _runs(desk: desks.Desk, text: str) -> Iterator[Found]:
    for job in desk.hub.jobs.find(text=text, limit=EACH):
        yield Found(f"{job.module} {job.id[:8]}", job.state, f"/runs/{job.id}")


def _models(desk: desks.Desk, text: str) -> Iterator[Found]:
    for model in desk.hub.models.list(text=text, limit=EACH):
        yield Found(model.title or model.id[:8], f"{model.module} {' '.join(model.aliases)}", f"/models/{model.id}")


def _deployments(desk: desks.Desk, text: str) -> Iterator[Found]:
    for each in desk.hub.deployments.find(text=text, limit=EACH):
        yield Found(each.wish.title or f"{each.wish.module} {each.id[:8]}", each.state, f"/deployment/{each.id}")


def _datasets(desk: desks.Desk, text: str) -> Iterator[Found]:
    for each in desk.hub.datasets.list():
        if text.casefold() in each.name.casefold():
            yield Found(each.name, f"{each.files} files", f"/datasets/{each.name}")


def _sites(desk: desks.Desk, text: str) -> Iterator[Found]:
    for name in sorted(desk.hub.sites):
        if text.casefold() in name.casefold():
            yield Found(name, "", "/sites")
