"""A card in the catalog with where it came from, and what tells it from earlier cards of the same module."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json

from pelagos.catalog import card

_DIGITS = 12


@dataclasses.dataclass(frozen=True)
class Record:
    """A card in the catalog, and where it came from."""

    card: card.Card
    source: str
    """The source it was read from."""
    commit: str
    """The source's commit; empty when it has none."""
    imported: datetime.datetime

    @property
    def version(self) -> str:
        """Name it among the cards of its module: the version it states, else its commit, else a digest of it."""
        return self.card.version or self.commit or _digest(self.card)


def _digest(each: card.Card) -> str:
    return hashlib.sha256(json.dumps(each.plain(), sort_keys=True).encode()).hexdigest()[:_DIGITS]
