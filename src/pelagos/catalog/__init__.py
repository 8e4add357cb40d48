"""The catalog: cards of modules, read from what their authors wrote.

`folders.read` makes the card of a module's folder, `card.Card` says what a card holds, `Store` keeps the cards and
`search` finds them. `Sources` brings cards from folders and repositories; `checking.check` and `Proposals` are the way
of a module into the catalog.
"""

from pelagos.catalog.card import Card, Status, json_schema
from pelagos.catalog.faults import Fault, Severity
from pelagos.catalog.proposals import Proposal, Proposals
from pelagos.catalog.queries import Answer, Facet, Hit, Query, Sort
from pelagos.catalog.reading import Imported
from pelagos.catalog.searching import search
from pelagos.catalog.sources import Source, Sources
from pelagos.catalog.store import Record, Store, Version

__all__ = [
    "Answer",
    "Card",
    "Facet",
    "Fault",
    "Hit",
    "Imported",
    "Proposal",
    "Proposals",
    "Query",
    "Record",
    "Severity",
    "Sort",
    "Source",
    "Sources",
    "Status",
    "Store",
    "Version",
    "json_schema",
    "search",
]
