"""Search over everything: what Ctrl+K opens, and a page of its own for those without scripts."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.orchestrator import finding
from pelagos.web import desk as desks
from pelagos.web import recipes

EACH = 6
"""Most finds of one kind."""
LONGEST_CHARS = 200
LONGEST_NOTE = 100


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
    if not text:
        return [("Pages", list(_pages("")))]
    found: dict[str, list[Found]] = {name: [] for name in ("Pages", *_KINDS.values(), "Sites")}
    found["Pages"] = list(_pages(text))[:EACH]
    for one in finding.find(desk.hub, text, EACH):
        found[_KINDS[one.kind]].append(Found(one.title, one.note[:LONGEST_NOTE], one.path))
    sites = [name for name in sorted(desk.hub.sites) if text.casefold() in name.casefold()]
    found["Sites"] = [Found(name, "", "/sites") for name in sites[:EACH]]
    return [(name, some) for name, some in found.items() if some]


_KINDS = {"module": "Modules", "run": "Runs", "model": "Models", "deployment": "Deployments", "dataset": "Data sets"}
"""What is found, in the order of the page."""


def _pages(text: str) -> Iterator[Found]:
    more = (("Sources", "/sources"), ("Review", "/proposals"))
    for name, address in (*((name, address) for _, name, address in desks.SECTIONS), *more):
        if text.casefold() in name.casefold():
            yield Found(name, "", address)
