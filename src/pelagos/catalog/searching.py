"""Answer a question to the catalog: all its words, then with misspelt ones repaired, then any of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pelagos.catalog import queries, store, words

_ALL, _ANY = queries.Matching.ALL, queries.Matching.ANY


def search(cards: store.Store, query: queries.Query) -> queries.Answer:
    """Find cards. What comes back says how the words were found and which were repaired."""
    wanted = words.split(query.text)[: words.MOST_WORDS]
    if not wanted:
        # Signs without a letter are in no card.
        return _answer(cards, query, [] if query.text.strip() else None, _ALL, {})
    matching = cards.matching(wanted, _ALL)
    if matching:
        return _answer(cards, query, matching, _ALL, {})
    repaired = words.repair(wanted, cards.snapshot().vocabulary)
    meant = tuple(dict.fromkeys(repaired.get(word, word) for word in wanted))
    matching = cards.matching(meant, _ALL) if repaired else []
    if matching:
        return _answer(cards, query, matching, _ALL, repaired)
    return _answer(cards, query, cards.matching(meant, _ANY), _ANY, repaired)


def _answer(
    cards: store.Store,
    query: queries.Query,
    matching: Sequence[int] | None,
    mode: queries.Matching,
    repaired: Mapping[str, str],
) -> queries.Answer:
    page, total, counts = cards.snapshot().answer(query, matching)
    return queries.Answer(cards.hits(page), total, counts, mode, repaired)
