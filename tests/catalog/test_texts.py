"""Both indexes find the same cards for the same words."""

from __future__ import annotations

import pytest

import databases
import pelagos.db
from catalog import shelf
from pelagos.catalog import queries, store, words

pytestmark = databases.BOTH
ALL, ANY = queries.Matching.ALL, queries.Matching.ANY


def found(cards: store.Store, text: str, mode: queries.Matching = ALL) -> list[str]:
    """The names of the cards that have the words, the best first."""
    return [hit.name for hit in cards.hits(cards.matching(words.split(text), mode))]


class TestMatching:
    @pytest.mark.parametrize(
        "text",
        ["the", "th", "1e5", "3d", "resnet50", "example.org/a-b.c", "me@example.org", "Größe", "ИЗОБРАЖЕНИЕ", "-7.5"],
    )
    def test_finds_every_word_of_a_readme(self, database: pelagos.db.Database, text: str) -> None:
        cards = store.Store(database)
        readme = "# The 3D résumé\nResNet50, 1e5 steps, -7.5 dB: https://example.org/a-b.c, me@example.org; größe\n"
        readme += "изображение"
        cards.put([shelf.record("one", title="One", readme=readme), shelf.record("two", title="Two")])

        assert found(cards, text) == ["one"]

    def test_counts_a_word_more_in_a_title_than_in_tags_than_in_a_summary_than_in_a_readme(
        self, database: pelagos.db.Database
    ) -> None:
        cards = store.Store(database)
        cards.put(
            [
                shelf.record("d", title="Else", readme="sponge"),
                shelf.record("c", title="Else", summary="sponge"),
                shelf.record("b", title="Else", tags=["sponge"]),
                shelf.record("a", title="Sponge"),
            ]
        )

        assert found(cards, "sponge") == ["a", "b", "c", "d"]

    def test_puts_cards_with_more_of_the_words_first_when_any_will_do(self, database: pelagos.db.Database) -> None:
        cards = store.Store(database)
        cards.put([shelf.record("one", title="Coral reef"), shelf.record("two", title="Coral")])

        assert found(cards, "coral reef sponge", ANY) == ["one", "two"]

    def test_takes_the_longest_readme(self, database: pelagos.db.Database) -> None:
        cards = store.Store(database)
        readme = " ".join(f"wort{number:x}é" for number in range(90_000))

        cards.put([shelf.record("long", title="Long", readme=readme[:1_000_000])])

        assert found(cards, "long") == ["long"]
        assert found(cards, "wort7é") == ["long"]


class TestVocabulary:
    def test_tells_in_how_many_cards_a_word_is(self, cards: store.Store) -> None:
        vocabulary = cards.snapshot().vocabulary

        assert vocabulary["ocean"] == 2
        assert vocabulary["songs"] == 1
        assert "song" not in vocabulary
