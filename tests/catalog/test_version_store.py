"""Versions of cards stay beside the one that the catalog shows."""

from __future__ import annotations

import dataclasses
import datetime

import pytest

import databases
from catalog import shelf
from pelagos.catalog import queries, store, version_store
from pelagos.domain import errors

pytestmark = databases.BOTH
LATER = shelf.NOW + datetime.timedelta(days=1)


def later(record: store.Record, commit: str = "c0ffee") -> store.Record:
    """The same card, read a day later."""
    return dataclasses.replace(record, commit=commit, imported=LATER)


class TestVersions:
    def test_are_listed_the_newest_first(self, cards: store.Store) -> None:
        old, new = shelf.record("owls", version="1.0"), later(shelf.record("owls", version="2.0"), "beef")
        cards.put([old])
        cards.put([new])

        assert cards.versions("owls") == (
            store.Version("2.0", "folder", "beef", LATER),
            store.Version("1.0", "folder", "c0ffee", shelf.NOW),
        )
        assert (cards.version("owls", "1.0"), cards.version("owls", "2.0")) == (old, new)

    def test_that_are_read_again_keep_when_they_were_first_seen(self, cards: store.Store) -> None:
        changed = later(shelf.record("owls", version="1.0", summary="Now with a summary."), "beef")
        cards.put([shelf.record("owls", version="1.0")])
        cards.put([changed])

        assert cards.versions("owls") == (store.Version("1.0", "folder", "beef", shelf.NOW),)
        assert cards.version("owls", "1.0") == changed

    def test_without_a_number_are_told_apart_by_their_commits(self, cards: store.Store) -> None:
        cards.put([shelf.record("owls")])
        cards.put([later(shelf.record("owls"), "beef")])

        assert [each.version for each in cards.versions("owls")] == ["beef", "c0ffee"]

    def test_without_a_commit_are_told_apart_by_what_they_say(self, cards: store.Store) -> None:
        for title in ("Owls", "Owls", "More owls"):
            cards.put([dataclasses.replace(shelf.record("owls", title=title), commit="")])

        found = {cards.version("owls", each.version).card.title for each in cards.versions("owls")}

        assert (len(cards.versions("owls")), found) == (2, {"Owls", "More owls"})

    def test_of_a_card_that_gets_one_with_every_commit_are_not_kept_for_ever(self, cards: store.Store) -> None:
        many = version_store.MOST + 3
        cards.put([shelf.record("gulls", version="1.0")])
        for number in range(many):
            seen = shelf.NOW + datetime.timedelta(hours=number)
            cards.put([dataclasses.replace(shelf.record("owls"), commit=f"c{number}", imported=seen)])

        assert [each.version for each in cards.versions("owls")] == [f"c{number}" for number in range(many - 1, 2, -1)]
        assert len(cards.versions("gulls")) == 1

    def test_stay_when_the_card_is_removed(self, cards: store.Store) -> None:
        cards.remove(["birds"])

        assert [each.version for each in cards.versions("birds")] == ["c0ffee"]
        assert cards.version("birds", "c0ffee") == shelf.SHELF[1]

    def test_are_not_searched(self, cards: store.Store) -> None:
        cards.put([later(shelf.record("birds", title="Owls", version="2.0"))])

        assert cards.matching(("songs",), queries.Matching.ALL) == []
        assert cards.snapshot().answer(queries.Query(), None)[1] == 3

    def test_that_never_were_are_not_found(self, cards: store.Store) -> None:
        with pytest.raises(errors.NotFound, match="no version 9 of the card birds"):
            cards.version("birds", "9")

        assert cards.versions("nobody") == ()
