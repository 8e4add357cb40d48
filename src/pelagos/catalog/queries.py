"""What somebody looks for in the catalog, and what is found."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping, Sequence

from pelagos.catalog import card
from pelagos.domain import errors

MOST_ON_A_PAGE = 200
VISIBLE = (card.Status.LISTED, card.Status.DEPRECATED, card.Status.SUPERSEDED)
"""What is found by who does not ask for more."""


class Facet(enum.StrEnum):
    """By what the catalog can be narrowed."""

    CATEGORY = "category"
    """The domain."""
    TASK = "task"
    """What a module does."""
    TAG = "tag"
    """A word of its author."""
    LICENCE = "licence"
    """The SPDX expression."""
    LIBRARY = "library"
    """What it is built with."""
    DATA = "data"
    """Kinds of data it takes."""
    ABILITY = "ability"
    """trainable, inference, pretrained."""


class Sort(enum.StrEnum):
    """In which order cards are listed."""

    RELEVANCE = "relevance"
    """The best match first; without words, by title."""
    TITLE = "title"
    """By title, from A."""
    UPDATED = "updated"
    """What changed last first."""
    CREATED = "created"
    """The newest first."""


@dataclasses.dataclass(frozen=True)
class Query:
    """What is looked for. One of the values chosen of a facet is enough; all facets must fit."""

    text: str = ""
    chosen: Mapping[Facet, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    sort: Sort = Sort.RELEVANCE
    limit: int = 20
    offset: int = 0
    statuses: tuple[card.Status, ...] = VISIBLE

    def __post_init__(self) -> None:
        if not 0 <= self.limit <= MOST_ON_A_PAGE:
            raise errors.InvalidInput({"limit": [f"{self.limit} is not within 0 and {MOST_ON_A_PAGE}."]})
        if self.offset < 0:
            raise errors.InvalidInput({"offset": [f"{self.offset} is below 0."]})

    def parameters(self) -> list[tuple[str, str]]:
        """Write the question as parameters of an address; what is usual is left out."""
        usual = Query()
        plain = (("q", self.text), ("sort", self.sort), ("limit", self.limit), ("offset", self.offset))
        unusual = {"q": usual.text, "sort": usual.sort, "limit": usual.limit, "offset": usual.offset}
        chosen = [(str(facet), value) for facet, values in self.chosen.items() for value in values]
        return [(name, str(value)) for name, value in plain if value != unusual[name]] + chosen


def of_parameters(parameters: Sequence[tuple[str, str]]) -> Query:
    """Read the question from the parameters of an address; InvalidInput names all that are wrong.

    Parameters that mean nothing here are left alone: they may belong to the page.
    """
    faults: dict[str, list[str]] = {}
    chosen: dict[Facet, tuple[str, ...]] = {}
    said: dict[str, str] = {}
    for name, value in parameters:
        if name in set(Facet):
            chosen[Facet(name)] = (*chosen.get(Facet(name), ()), value)
        else:
            said[name] = value
    for name in ("limit", "offset"):
        if not said.get(name, "0").isdecimal():
            faults[name] = [f"“{said[name]}” is no number."]
    sort = said.get("sort", Sort.RELEVANCE)
    if sort not in set(Sort):
        faults["sort"] = [f"“{sort}” is none of {', '.join(Sort)}."]
    if faults:
        raise errors.InvalidInput(faults)
    limit, offset = int(said.get("limit", Query.limit)), int(said.get("offset", 0))
    return Query(said.get("q", ""), chosen, Sort(sort), limit, offset)


@dataclasses.dataclass(frozen=True)
class Hit:
    """What a list shows of a card."""

    name: str
    title: str
    summary: str
    category: str
    licence: str | None
    created: datetime.date | None
    updated: datetime.date | None
    status: card.Status
    tasks: tuple[str, ...]
    tags: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Count:
    """In how many of the cards that were found a facet has a value."""

    value: str
    cards: int


Counts = Mapping[Facet, tuple[Count, ...]]


class Matching(enum.StrEnum):
    """How the words of a question were found."""

    ALL = "all"
    """Each hit has all words."""
    ANY = "any"
    """No card has all; each hit has some, or means something near."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What was found."""

    hits: tuple[Hit, ...]
    total: int
    """Hits on all pages."""
    facets: Counts
    """The values of each facet, the most frequent first; of a facet in use, as if it were not."""
    matching: Matching = Matching.ALL
    repaired: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Words that were looked for instead of misspelt ones."""
