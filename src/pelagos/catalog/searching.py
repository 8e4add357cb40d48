"""Answer a question to the catalog: all its words, then with misspelt ones repaired, then any of them.

Where meanings are known, cards that mean something near are found too; those with the words come with a bonus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pelagos.catalog import queries, store, words

_ALL, _ANY = queries.Matching.ALL, queries.Matching.ANY
_BONUS = {_ALL: 0.6, _ANY: 0.1}
"""What the words are worth beside the meaning, whose products are seldom above 0.7; it fades with the rank."""
_FADES = 20


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
    if matching is not None:
        matching = _with_meanings(matching, mode, cards.near(query.text))
    page, total, counts = cards.snapshot().answer(query, matching)
    return queries.Answer(cards.hits(page), total, counts, mode, repaired)


def _with_meanings(matching: Sequence[int], mode: queries.Matching, near: Mapping[int, float]) -> Sequence[int]:
    """Join what has the words, the best first, with what means something near."""
    if not near:
        return matching
    ranked = {card_id: _BONUS[mode] * _FADES / (_FADES + rank) for rank, card_id in enumerate(matching)}
    total = {card_id: ranked.get(card_id, 0.0) + near.get(card_id, 0.0) for card_id in (*ranked, *near)}
    return sorted(total, key=lambda card_id: -total[card_id])
