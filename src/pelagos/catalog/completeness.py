"""How complete a card is: what it says, what it lacks, and what to write."""

from __future__ import annotations

from typing import NamedTuple

from pelagos.catalog import card


class Wish(NamedTuple):
    """Something that a good card says."""

    points: int
    field: str
    advice: str


_WISHES = (
    Wish(10, "summary", 'Say in one sentence what it does: summary = "...".'),
    Wish(10, "licence", 'Name the licence of the code, as SPDX does: licence = "Apache-2.0".'),
    Wish(10, "authors", 'Say who made it: [[authors]] with name = "..." and orcid = "...".'),
    Wish(10, "readme", "Write a README.md: it is the body of the card."),
    Wish(10, "examples", "Give an example with the answer that it should get: [[examples]] with input and expected."),
    Wish(6, "tasks", 'Name the task: task = "image-classification".'),
    Wish(6, "tags", 'Give words to find it by: tags = ["..."].'),
    Wish(6, "intended_use", 'Say what it was made for: intended_use = "...".'),
    Wish(6, "limitations", 'Say what it cannot do: limitations = "...".'),
    Wish(4, "category", 'Name the domain: category = "earth observation".'),
    Wish(4, "libraries", 'Say what it is built with: libraries = ["..."].'),
    Wish(3, "inputs", 'Name the kinds of data it takes: inputs = ["image"].'),
    Wish(3, "outputs", 'Name the kinds of data it gives: outputs = ["labels"].'),
    Wish(3, "version", "Give it a version, in pyproject.toml."),
    Wish(3, "metrics", "Say how well it does: [[metrics]] with name and value."),
    Wish(2, "links", 'Say where its code is: [links] with source = "https://...".'),
    Wish(2, "citation", "Say how to cite it: [citation] with doi or text, or a CITATION.cff."),
    Wish(2, "resources", "Say what it needs: [resources.predict] with cpus and memory_mb."),
)
NEEDED = ("summary", "licence", "authors")
"""Without these no card is accepted."""


def score(judged: card.Card) -> int:
    """Give a figure from 0 to 100."""
    total = sum(wish.points for wish in _WISHES)
    return round(100 * sum(wish.points for wish in _WISHES if _said(judged, wish.field)) / total)


def missing(judged: card.Card) -> tuple[Wish, ...]:
    """List what the card lacks, what counts most first."""
    return tuple(wish for wish in _WISHES if not _said(judged, wish.field))


def _said(judged: card.Card, field: str) -> bool:
    return bool(getattr(judged, field) != card.Card.model_fields[field].get_default())
