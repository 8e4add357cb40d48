"""The catalog: its modules to be searched and narrowed; the address holds the whole question."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import urllib.parse
from collections.abc import Hashable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos import catalog
from pelagos.catalog import proposal_store, queries
from pelagos.web import desk as desks
from pelagos.web import paging, recipes

PAGE = 24
SHOWN_VALUES = 8
"""Of a facet, unless all of it is asked for."""
FEEDS = (queries.Facet.TAG, queries.Facet.CATEGORY)
"""Facets that have Atom feeds of their own."""
ALL = "all"
"""The parameter that names facets to be shown whole."""

_NAMES: Mapping[queries.Facet, str] = {
    queries.Facet.CATEGORY: "Domain",
    queries.Facet.TASK: "Task",
    queries.Facet.ABILITY: "Can",
    queries.Facet.DATA: "Takes",
    queries.Facet.TAG: "Tag",
    queries.Facet.LIBRARY: "Built with",
    queries.Facet.LICENCE: "Licence",
}
_SORTS: Mapping[queries.Sort, str] = {
    queries.Sort.RELEVANCE: "best match",
    queries.Sort.TITLE: "title",
    queries.Sort.UPDATED: "changed last",
    queries.Sort.CREATED: "newest",
}


@dataclasses.dataclass(frozen=True)
class Value:
    """One value of a facet, to be ticked."""

    value: str
    cards: int
    chosen: bool


@dataclasses.dataclass(frozen=True)
class Facet:
    """A facet as the page shows it."""

    key: str
    name: str
    values: tuple[Value, ...]
    more: str
    """The address that shows all of its values; empty when all are shown."""


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    desk.live.add("modules", functools.partial(_mark, desk))
    return [Route("/modules", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the list that the address asks for."""
    live = await desk.live.address("modules")
    asked = queries.of_parameters(_said(request))
    query = dataclasses.replace(asked, limit=PAGE, offset=(paging.number(request) - 1) * PAGE)
    answer, installed, waiting = await asyncio.to_thread(_found, desk, query)
    pages, meant = paging.pages(request, answer.total, PAGE), _meant(query.text, answer.repaired)
    page = desk.page(
        request,
        "modules.html",
        title="Modules",
        section="modules",
        live=live,
        query=query,
        answer=answer,
        meant=meant,
        meant_address=_address("/modules", dataclasses.replace(query, text=meant).parameters()),
        facets=_facets(query, answer, request.query_params.getlist(ALL)),
        sorts=_SORTS,
        pages=pages,
        installed=installed,
        waiting=waiting,
        feed=_address("/api/v1/modules.atom", [pair for pair in query.parameters() if pair[0] in FEEDS]),
        recipe=recipes.search(desk.origin(request), query.parameters()),
    )
    page.headers["HX-Push-Url"] = pages.this
    return page


def _said(request: Request) -> list[tuple[str, str]]:
    """Give the parameters of the address, without what a form sends of its empty fields."""
    return [(name, value) for name, value in request.query_params.multi_items() if value]


def _found(desk: desks.Desk, query: queries.Query) -> tuple[queries.Answer, frozenset[str], int]:
    answer = catalog.search(desk.hub.cards, query)
    return answer, frozenset(desk.installed().values()), len(desk.hub.proposals.list(proposal_store.State.PROPOSED))


def _meant(text: str, repaired: Mapping[str, str]) -> str:
    """Write the question with its misspelt words put right; empty when there was none."""
    words = [repaired.get(word.casefold(), word) for word in text.split()] if repaired else []
    return " ".join(words)


def _facets(query: queries.Query, answer: queries.Answer, whole: Sequence[str]) -> list[Facet]:
    found = [_facet(key, name, query, answer.facets.get(key, ()), whole) for key, name in _NAMES.items()]
    return [facet for facet in found if facet.values]


def _facet(
    key: queries.Facet, name: str, query: queries.Query, counts: Sequence[queries.Count], whole: Sequence[str]
) -> Facet:
    chosen = query.chosen.get(key, ())
    ticked = [Value(value, next((each.cards for each in counts if each.value == value), 0), True) for value in chosen]
    others = [Value(each.value, each.cards, False) for each in counts if each.value not in chosen]
    shown = others if key in whole else others[: max(0, SHOWN_VALUES - len(ticked))]
    more = _address("/modules", [*query.parameters(), (ALL, str(key))]) if len(shown) < len(others) else ""
    return Facet(str(key), name, (*ticked, *shown), more)


def _address(path: str, pairs: Sequence[tuple[str, str]]) -> str:
    kept = [pair for pair in pairs if pair[0] not in ("limit", "offset")]
    return f"{path}?{urllib.parse.urlencode(kept)}" if kept else path


def _mark(desk: desks.Desk) -> Hashable:
    return desk.hub.cards.snapshot().revision, tuple(desk.installed())
