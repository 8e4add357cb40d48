"""Cards are found by what they mean, beside their words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import databases
import pelagos.db
from catalog import shelf
from pelagos.catalog import encoder, meaning, queries, searching, store
from pelagos.domain import errors

_THEMES = (("plankton", "algae", "phytoplankton"), ("birds", "songs", "animals"), ("vessels", "ships", "boats"))


class Counting:
    """Makes vectors from the themes that a text touches, and counts how often it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        rows = [[float(any(word in text.casefold() for word in theme)) for theme in _THEMES] for text in texts]
        table = np.array([[*row, 0.1] for row in rows], dtype="float32")
        return table / np.linalg.norm(table, axis=1, keepdims=True)


@pytest.fixture
def encode() -> Counting:
    return Counting()


@pytest.fixture
def cards(database: pelagos.db.Database, encode: Counting) -> store.Store:
    """A catalog that knows what its cards mean."""
    made = store.Store(database, encode=encode)
    made.put(shelf.SHELF)
    made.learn()
    return made


def names(cards: store.Store, text: str) -> list[str]:
    return [hit.name for hit in searching.search(cards, queries.Query(text)).hits]


class TestSearch:
    def test_finds_what_means_the_same_in_other_words(self, cards: store.Store) -> None:
        found = searching.search(cards, queries.Query("boats"))

        assert [hit.name for hit in found.hits] == ["vessels"]
        assert (found.total, found.matching) == (1, queries.Matching.ANY)

    def test_puts_what_has_the_words_first(self, cards: store.Store) -> None:
        assert names(cards, "ocean algae") == ["plankton", "vessels"]

    def test_finds_nothing_that_means_something_else(self, cards: store.Store) -> None:
        assert names(cards, "taxes") == []

    def test_asks_about_a_question_once(self, cards: store.Store, encode: Counting) -> None:
        names(cards, "boats")
        names(cards, "boats")

        assert encode.texts.count("boats") == 1

    def test_keeps_to_the_words_when_the_weights_are_broken(self, database: pelagos.db.Database) -> None:
        def broken(texts: Sequence[str]) -> Any:
            raise errors.PelagosError("the SHA-256 differs")

        made = store.Store(database, encode=broken)
        made.put(shelf.SHELF)

        assert made.learn() == 0
        assert names(made, "plankton") == ["plankton", "vessels"]

    def test_knows_nothing_of_meanings_without_the_extra(self, database: pelagos.db.Database) -> None:
        plain = store.Store(database)
        plain.put(shelf.SHELF)

        assert (plain.learn(), plain.near("boats"), names(plain, "boats")) == (0, {}, [])


@databases.BOTH
class TestLearn:
    def test_asks_about_a_card_once(self, cards: store.Store, encode: Counting, database: pelagos.db.Database) -> None:
        other = store.Store(database, encode=encode)

        assert (cards.learn(), other.learn()) == (0, 0)
        assert len(encode.texts) == 3

    def test_follows_a_card_that_changes(self, cards: store.Store) -> None:
        cards.put([shelf.record("birds", title="Ships by night")])

        assert names(cards, "boats") == ["vessels"]
        assert cards.learn() == 1
        assert names(cards, "boats") == ["birds", "vessels"]

    def test_is_seen_by_other_processes(
        self, cards: store.Store, encode: Counting, database: pelagos.db.Database
    ) -> None:
        other = store.Store(database, encode=encode)
        names(other, "boats")
        cards.put([shelf.record("ferries", title="Ferries and boats")])
        cards.learn()

        assert set(names(other, "ships")) == {"ferries", "vessels"}


@pytest.mark.skipif(not encoder.installed(), reason="the extra semantic and its weights are not installed")
class TestEncoder:
    def test_gives_the_vectors_that_the_model_is_published_with(self) -> None:
        (found,) = meaning.encode(["This is an example sentence"])

        assert found.dtype == np.float32
        assert np.allclose(found[:3], [0.0676569, 0.0634959, 0.0487131], atol=1e-6)
        assert np.isclose(found @ found, 1.0)

    def test_tells_near_from_far(self) -> None:
        asked, near, far = meaning.encode(["eye disease", "Diabetic retinopathy", "Songs of birds"])

        assert asked @ near > meaning.LEAST > asked @ far

    def test_takes_texts_of_any_length(self) -> None:
        assert meaning.encode(["", "word " * 10_000]).shape == (2, encoder.SIZE)
        assert meaning.encode([]).shape == (0, encoder.SIZE)
