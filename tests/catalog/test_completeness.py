"""A card is told what it lacks, what counts most first."""

from __future__ import annotations

from catalog import shelf
from pelagos.catalog import completeness


class TestScore:
    def test_is_zero_for_a_name(self) -> None:
        assert completeness.score(shelf.made("a")) == 0

    def test_grows_with_what_is_said(self) -> None:
        some = shelf.made("a", summary="Counts.", licence="MIT")
        more = shelf.made("a", summary="Counts.", licence="MIT", authors=[{"name": "Ada"}])

        assert 0 < completeness.score(some) < completeness.score(more) < 100


class TestMissing:
    def test_begins_with_what_counts_most(self) -> None:
        found = completeness.missing(shelf.made("a", summary="Counts."))

        assert [wish.field for wish in found[:3]] == ["licence", "authors", "readme"]
        assert [wish.points for wish in found] == sorted((wish.points for wish in found), reverse=True)
