"""The catalog's facets as sets of bits: one moment of the database, to count and narrow in microseconds.

Each card has a place, in the order of titles; a set of cards is an integer whose bit at a place says whether it is in.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from pelagos.catalog import card, queries

_Key = TypeVar("_Key", bound=Hashable)
MOST_VALUES = 50
"""Of one facet, in an answer."""


@dataclasses.dataclass(frozen=True)
class Line:
    """What must be known of each card to narrow and sort."""

    id: int
    title: str
    status: card.Status
    created: datetime.date | None
    updated: datetime.date | None


class Snapshot:
    """All cards at one revision of the catalog. It never changes."""

    def __init__(
        self,
        revision: int,
        lines: Iterable[Line],
        facets: Iterable[tuple[int, str, str]],
        vocabulary: Mapping[str, int],
    ) -> None:
        self.revision = revision
        self.vocabulary = vocabulary
        """All words as they are written, and in how many cards each is."""
        ordered = sorted(lines, key=lambda line: (line.title.casefold(), line.id))
        self._ids = [line.id for line in ordered]
        self._places = {card_id: place for place, card_id in enumerate(self._ids)}
        self._statuses = self._sets((line.status, self._places[line.id]) for line in ordered)
        self._facets: dict[queries.Facet, dict[str, int]] = {}
        having = self._sets(((facet, value), self._places[card_id]) for card_id, facet, value in facets)
        for (facet, value), members in having.items():
            self._facets.setdefault(queries.Facet(facet), {})[value] = members
        self._orders = {
            queries.Sort.TITLE: range(len(ordered)),
            queries.Sort.UPDATED: _newest_first(line.updated for line in ordered),
            queries.Sort.CREATED: _newest_first(line.created for line in ordered),
        }

    def answer(self, query: queries.Query, matching: Sequence[int] | None) -> tuple[list[int], int, queries.Counts]:
        """Narrow the cards that have the words (their ids, the best first; None is all cards).

        Gives the ids of one page, the number on all pages, and the values of each facet with their counts.
        """
        among = self._set(self._known(matching)) if matching is not None else self._everything()
        among &= self._any(self._statuses.get(status, 0) for status in query.statuses)
        found = among & self._fitting(query, without=None)
        counts = {facet: self._counts(facet, query, among, found) for facet in queries.Facet}
        return self._page(query, matching, found), found.bit_count(), counts

    def _fitting(self, query: queries.Query, without: queries.Facet | None) -> int:
        fitting = self._everything()
        for facet, values in query.chosen.items():
            if values and facet != without:
                fitting &= self._any(self._facets.get(facet, {}).get(value, 0) for value in values)
        return fitting

    def _counts(self, facet: queries.Facet, query: queries.Query, among: int, found: int) -> tuple[queries.Count, ...]:
        if query.chosen.get(facet):
            found = among & self._fitting(query, without=facet)
        counted = ((value, (members & found).bit_count()) for value, members in self._facets.get(facet, {}).items())
        some = sorted((-count, value) for value, count in counted if count)
        return tuple(queries.Count(value, -count) for count, value in some[:MOST_VALUES])

    def _page(self, query: queries.Query, matching: Sequence[int] | None, found: int) -> list[int]:
        if query.sort is queries.Sort.RELEVANCE:
            order = self._orders[queries.Sort.TITLE] if matching is None else self._known(matching)
        else:
            order = self._orders[query.sort]
        # Asking a large integer for one bit copies it; asking its bytes does not.
        members = found.to_bytes(len(self._ids) // 8 + 1, "little")
        page: list[int] = []
        skip = query.offset
        for place in order:
            if len(page) == query.limit:
                break
            if members[place >> 3] >> (place & 7) & 1:
                if skip:
                    skip -= 1
                else:
                    page.append(self._ids[place])
        return page

    def _known(self, ids: Sequence[int]) -> Iterator[int]:
        """Give the places of cards, but for those that came after this moment."""
        return (self._places[card_id] for card_id in ids if card_id in self._places)

    def _everything(self) -> int:
        return (1 << len(self._ids)) - 1

    def _set(self, places: Iterable[int]) -> int:
        members = bytearray(len(self._ids) // 8 + 1)
        for place in places:
            members[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(members, "little")

    def _sets(self, members: Iterable[tuple[_Key, int]]) -> dict[_Key, int]:
        places: dict[_Key, list[int]] = collections.defaultdict(list)
        for key, place in members:
            places[key].append(place)
        return {key: self._set(some) for key, some in places.items()}

    def _any(self, sets: Iterable[int]) -> int:
        joined = 0
        for each in sets:
            joined |= each
        return joined


def _newest_first(dates: Iterable[datetime.date | None]) -> list[int]:
    """Order places by their dates; those without one come last."""
    days = [0 if date is None else date.toordinal() for date in dates]
    return sorted(range(len(days)), key=lambda place: -days[place])
