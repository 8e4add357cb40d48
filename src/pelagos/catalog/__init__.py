"""The catalog: cards of modules, read from what their authors wrote.

`folders.read` makes the card of a module's folder, `card.Card` says what a card holds, `Store` keeps the cards and
`search` finds them.
"""

from pelagos.catalog.card import Card, Status, json_schema
from pelagos.catalog.faults import Fault, Severity
from pelagos.catalog.queries import Answer, Facet, Hit, Query, Sort
from pelagos.catalog.reading import Imported
from pelagos.catalog.searching import search
from pelagos.catalog.store import Record, Store

__all__ = [
    "Answer",
    "Card",
    "Facet",
    "Fault",
    "Hit",
    "Imported",
    "Query",
    "Record",
    "Severity",
    "Sort",
    "Status",
    "Store",
    "json_schema",
    "search",
]
