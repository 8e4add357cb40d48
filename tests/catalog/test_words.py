"""Words, and what misspelt ones were meant to be."""

from __future__ import annotations

import pytest

from pelagos.catalog import words

VOCABULARY = {"plankton": 9, "classification": 5, "bird": 3, "birds": 4, "songs": 1, "sonar": 7}


class TestSplit:
    def test_gives_each_word_once_without_case_and_accents(self) -> None:
        assert words.split("Zoë's  PLANKTON, plankton_2! Straße") == ("zoe", "s", "plankton", "2", "strasse")

    def test_of_signs_is_nothing(self) -> None:
        assert words.split('"*:^-()') == ()


class TestRepair:
    @pytest.mark.parametrize(
        ("said", "meant"),
        [
            ("plancton", "plankton"),
            ("plantkon", "plankton"),
            ("planktn", "plankton"),
            ("clasification", "classification"),
            ("classificaiton", "classification"),
            ("brids", "birds"),
            ("sonnar", "sonar"),
        ],
    )
    def test_finds_the_nearest_word(self, said: str, meant: str) -> None:
        assert words.repair([said], VOCABULARY) == {said: meant}

    @pytest.mark.parametrize("said", ["plankton", "brd", "xylophone", "1234", "planes"])
    def test_leaves_alone_what_is_right_short_or_far(self, said: str) -> None:
        assert words.repair([said], VOCABULARY) == {}

    def test_takes_the_more_frequent_of_two(self) -> None:
        assert words.repair(["birda"], VOCABULARY) == {"birda": "birds"}
