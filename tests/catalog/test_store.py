"""Cards in the database: read back as written, replaced whole, indexed at once."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

import databases
import pelagos.db
from catalog import shelf
from pelagos.catalog import card, queries, store, words
from pelagos.domain import errors

ALL = queries.Matching.ALL
MANY = 600
pytestmark = databases.BOTH
TAKE_AWAY = {
    True: [f"DROP TABLE {table}" for table in ("card_vocabulary", "card_spellings", "card_texts")],
    False: [
        "DROP TABLE card_documents",
        "DROP TEXT SEARCH CONFIGURATION card_words",
        "DROP TEXT SEARCH DICTIONARY card_stems",
    ],
}
WRITE_FOR_EVER = """
import datetime, itertools, sys
import pelagos.db
from pelagos.catalog import card, store
now = datetime.datetime.now(datetime.UTC)
cards = store.Store(pelagos.db.connect(sys.argv[1]))
for generation in itertools.count():
    made = (card.Card(name=f"n{number}", title=f"generation {generation}") for number in range(int(sys.argv[2])))
    cards.put(store.Record(each, "", "", now) for each in made)
    print(generation, flush=True)
"""


def titles(cards: store.Store, *wanted: str) -> list[str]:
    """The titles of the cards that have the words, the best first."""
    return [hit.title for hit in cards.hits(cards.matching(wanted, ALL))]


class TestPut:
    def test_is_read_back_as_it_was(self, cards: store.Store) -> None:
        whole = shelf.record(
            "whole", readme="# Ü", extra={"a": [1, None, {"b": "ü"}]}, metrics=[{"name": "accuracy", "value": 0.9}]
        )

        cards.put([whole])

        assert cards.get("whole") == whole

    def test_replaces_the_card_of_that_name(self, cards: store.Store) -> None:
        cards.put([shelf.record("birds", title="Owls", tags=["night"])])

        assert cards.get("birds").card.title == "Owls"
        assert titles(cards, "songs") == []
        assert titles(cards, "owls") == ["Owls"]
        assert "songs" not in cards.snapshot().vocabulary

    def test_takes_the_last_of_a_name(self, cards: store.Store) -> None:
        cards.put([shelf.record("a", title="First"), shelf.record("a", title="Last")])

        assert cards.get("a").card.title == "Last"

    def test_writes_all_or_none(self, cards: store.Store) -> None:
        def some() -> list[store.Record]:
            return [shelf.record(f"n{number}") for number in range(3)] + [None]  # type: ignore[list-item]

        with pytest.raises(AttributeError):
            cards.put(some())

        assert cards.names() == ("birds", "plankton", "vessels")

    def test_takes_more_cards_than_a_statement_does(self, cards: store.Store) -> None:
        cards.put([shelf.record(f"n{number}") for number in range(1201)])
        cards.put([shelf.record(f"n{number}", title="Again") for number in range(1201)])

        assert len(cards.names()) == 1204
        assert len(cards.matching(("again",), ALL)) == 1201

    def test_of_several_threads_at_once_loses_nothing(self, cards: store.Store) -> None:
        def put(thread: int) -> None:
            for number in range(5):
                cards.put([shelf.record(f"n{thread}-{number}")])

        threads = [threading.Thread(target=put, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(cards.names()) == 23
        assert cards.snapshot().answer(queries.Query(), None)[1] == 23


class TestKilledProcess:
    def test_leaves_the_cards_before_or_after_its_change(
        self, database: pelagos.db.Database, database_url: str
    ) -> None:
        endless = [sys.executable, "-c", WRITE_FOR_EVER, database_url, str(MANY)]
        with subprocess.Popen(endless, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "0\n"
            # Some way into the next change, wherever that is.
            writer.stdout.readline()
            writer.kill()

        cards = store.Store(database)

        generations = {cards.get(name).card.title for name in cards.names()}
        assert len(generations) == 1
        assert len(cards.names()) == MANY
        assert len(cards.matching(words.split(generations.pop()), ALL)) == MANY
        assert cards.snapshot().answer(queries.Query(), None)[1] == MANY


class TestRemove:
    def test_leaves_nothing(self, cards: store.Store) -> None:
        cards.remove(["birds", "nobody"])

        assert cards.names() == ("plankton", "vessels")
        assert titles(cards, "songs") == []
        with pytest.raises(errors.NotFound, match="no card birds"):
            cards.get("birds")


class TestNames:
    def test_may_be_those_of_a_source(self, cards: store.Store) -> None:
        cards.put([shelf.record("owls", source="git")])

        assert cards.names("git") == ("owls",)
        assert cards.names("folder") == ("birds", "plankton", "vessels")


class TestMatching:
    def test_puts_a_word_of_the_title_before_one_of_the_readme(self, cards: store.Store) -> None:
        assert titles(cards, "plankton") == ["Plankton classifier", "Vessels in the ocean"]

    @pytest.mark.parametrize("word", ["classify", "classifies", "classifier", "class"])
    def test_finds_other_forms_of_a_word(self, cards: store.Store, word: str) -> None:
        assert set(titles(cards, word)) == {"Plankton classifier", "Bird songs"}

    def test_knows_no_accents(self, cards: store.Store) -> None:
        assert titles(cards, "muller") == ["Vessels in the ocean"]

    @pytest.mark.parametrize("word", ["and", "near", "not", "or"])
    def test_takes_every_word_as_a_word(self, cards: store.Store, word: str) -> None:
        assert titles(cards, "plankton", word) == []


class TestLatest:
    def test_lists_what_changed_last_first(self, cards: store.Store) -> None:
        found = [record.card.name for record in cards.latest({}, 2)]

        assert found == ["birds", "plankton"]

    def test_is_narrowed_by_a_facet(self, cards: store.Store) -> None:
        found = cards.latest({queries.Facet.TAG: ("ocean",), queries.Facet.LICENCE: ("MIT",)}, 9)

        assert [record.card.name for record in found] == ["plankton"]


class TestIndex:
    def test_is_made_anew_where_it_is_missing(self, cards: store.Store, database: pelagos.db.Database) -> None:
        with database.write() as writing:
            for statement in TAKE_AWAY[database.sqlite]:
                writing.exec_driver_sql(statement)

        again = store.Store(database)

        assert titles(again, "songs") == ["Bird songs"]
        assert "songs" in again.snapshot().vocabulary


class TestSnapshot:
    def test_is_read_again_only_after_a_change(self, cards: store.Store, database: pelagos.db.Database) -> None:
        first = cards.snapshot()
        same = cards.snapshot()
        store.Store(database).put([shelf.record("owls")])

        other = cards.snapshot()

        assert first is same
        assert other.answer(queries.Query(), None)[1] == 4

    def test_shows_no_drafts(self, cards: store.Store) -> None:
        cards.put([shelf.record("secret", status=card.Status.DRAFT)])

        assert cards.snapshot().answer(queries.Query(), None)[1] == 3
        assert cards.snapshot().answer(queries.Query(statuses=(card.Status.DRAFT,)), None)[1] == 1
