"""Questions to the catalog."""

from __future__ import annotations

from collections.abc import Mapping

import hypothesis
import hypothesis.strategies as st
import pytest

import databases
import pelagos.db
from catalog import shelf
from pelagos.catalog import queries, searching, store
from pelagos.catalog.queries import Facet, Query, Sort


def names(answer: queries.Answer) -> list[str]:
    """The names of the hits, in order."""
    return [hit.name for hit in answer.hits]


def counts(answer: queries.Answer, facet: Facet) -> Mapping[str, int]:
    """The values of a facet and how many cards have them."""
    return {count.value: count.cards for count in answer.facets[facet]}


@databases.BOTH
class TestSearch:
    def test_without_words_lists_all_by_title(self, cards: store.Store) -> None:
        found = searching.search(cards, Query())

        assert names(found) == ["birds", "plankton", "vessels"]
        assert found.total == 3

    def test_prefers_cards_with_all_words(self, cards: store.Store) -> None:
        found = searching.search(cards, Query("ocean plankton species"))

        assert names(found) == ["plankton"]
        assert found.matching is queries.Matching.ALL

    def test_is_content_with_any_word_when_no_card_has_all(self, cards: store.Store) -> None:
        found = searching.search(cards, Query("species songs"))

        assert set(names(found)) == {"plankton", "birds"}
        assert found.matching is queries.Matching.ANY

    def test_repairs_misspelt_words(self, cards: store.Store) -> None:
        found = searching.search(cards, Query("plantkon specis"))

        assert names(found) == ["plankton"]
        assert found.repaired == {"plantkon": "plankton", "specis": "species"}
        assert found.matching is queries.Matching.ALL

    def test_leaves_alone_a_word_that_is_found_by_its_stem(self, cards: store.Store) -> None:
        found = searching.search(cards, Query("classifying"))

        assert found.total == 2
        assert found.repaired == {}

    def test_finds_while_somebody_is_typing(self, cards: store.Store) -> None:
        assert names(searching.search(cards, Query("bird so"))) == ["birds"]

    @pytest.mark.parametrize("text", ["xylophone", "***", '"', "   ***   "])
    def test_may_find_nothing(self, cards: store.Store, text: str) -> None:
        found = searching.search(cards, Query(text))

        assert (found.hits, found.total) == ((), 0)

    def test_counts_the_facets_of_what_it_found(self, cards: store.Store) -> None:
        found = searching.search(cards, Query("ocean"))

        assert counts(found, Facet.LICENCE) == {"Apache-2.0": 1, "MIT": 1}
        assert counts(found, Facet.LIBRARY) == {"PyTorch": 2}
        assert counts(found, Facet.ABILITY) == {"pretrained": 1, "trainable": 1}
        assert counts(found, Facet.TAG) == {"ocean": 2, "microscopy": 1, "sound": 1}

    def test_narrows_by_all_facets_and_any_of_their_values(self, cards: store.Store) -> None:
        chosen = {Facet.LICENCE: ("MIT", "Apache-2.0"), Facet.DATA: ("audio",)}

        found = searching.search(cards, Query(chosen=chosen))

        assert names(found) == ["birds", "vessels"]

    def test_counts_a_facet_in_use_as_if_it_were_not(self, cards: store.Store) -> None:
        found = searching.search(cards, Query(chosen={Facet.LICENCE: ("MIT",), Facet.DATA: ("audio",)}))

        assert counts(found, Facet.LICENCE) == {"Apache-2.0": 1, "MIT": 1}
        assert counts(found, Facet.DATA) == {"audio": 1, "image": 1}
        assert counts(found, Facet.LIBRARY) == {"TensorFlow": 1}

    def test_of_a_value_that_no_card_has_is_nothing(self, cards: store.Store) -> None:
        assert searching.search(cards, Query(chosen={Facet.TAG: ("nothing",)})).total == 0

    @pytest.mark.parametrize(
        ("sort", "order"),
        [
            (Sort.TITLE, ["birds", "plankton", "vessels"]),
            (Sort.UPDATED, ["birds", "plankton", "vessels"]),
            (Sort.CREATED, ["vessels", "birds", "plankton"]),
        ],
    )
    def test_sorts(self, cards: store.Store, sort: Sort, order: list[str]) -> None:
        assert names(searching.search(cards, Query(sort=sort))) == order

    def test_gives_each_card_on_one_page(self, cards: store.Store) -> None:
        cards.put([shelf.record(f"n{number}", title="Same", tags=["many"]) for number in range(25)])

        pages = [searching.search(cards, Query("same", limit=10, offset=offset)) for offset in (0, 10, 20, 30)]

        assert [len(page.hits) for page in pages] == [10, 10, 5, 0]
        assert {page.total for page in pages} == {25}
        assert len({name for page in pages for name in names(page)}) == 25

    def test_of_an_empty_catalog_is_nothing(self, database: pelagos.db.Database) -> None:
        empty = store.Store(database)

        assert searching.search(empty, Query("plankton")).total == 0
        assert searching.search(empty, Query()).hits == ()

    @hypothesis.settings(
        max_examples=30, deadline=None, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture]
    )
    @hypothesis.given(st.text(max_size=80))
    def test_survives_any_text(self, cards: store.Store, text: str) -> None:
        searching.search(cards, Query(text))
