"""The catalog: cards of modules, read from what their authors wrote.

`folders.read` makes the card of a module's folder; `card.Card` says what a card holds.
"""

from pelagos.catalog.card import Card, Status, json_schema
from pelagos.catalog.faults import Fault, Severity
from pelagos.catalog.reading import Imported

__all__ = ["Card", "Fault", "Imported", "Severity", "Status", "json_schema"]
"""What other rooms name most; the modules of the room are imported by their names."""
