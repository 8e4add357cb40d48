from __future__ import annotations

from typing import Any

import pytest

from pelagos.runtime.console import results

RESULT = {"classes": ["a", "b"], "confusion_matrix": [[8, 2], [0, 10]], "accuracy": 0.9, "images": 20, "name": "x"}


class TestFigures:
    def test_are_the_plain_numbers_shares_first_and_in_percent(self) -> None:
        found = results.figures({**RESULT, "val_accuracy": 0.875, "loss": 0.123456, "ok": True})

        assert [(figure.name, figure.text) for figure in found] == [
            ("accuracy", "90.0 %"),
            ("val accuracy", "87.5 %"),
            ("images", "20"),
            ("loss", "0.1235"),
        ]

    @pytest.mark.parametrize("result", [None, 3, [], "text"])
    def test_are_none_of_other_results(self, result: Any) -> None:
        assert results.figures(result) == ()
        assert results.accuracy(result) is None


class TestNotes:
    def test_are_the_sentences_of_the_result(self) -> None:
        assert results.notes({"notes": ["one", 2]}) == ("one", "2")

    @pytest.mark.parametrize("result", [None, [], {}, {"notes": "text"}, {"notes": None}])
    def test_are_none_of_other_results(self, result: Any) -> None:
        assert results.notes(result) == ()


class TestMatrix:
    def test_has_the_heat_of_each_cells_share_of_its_row(self) -> None:
        found = results.matrix(RESULT)

        assert found is not None
        assert [[cell.heat for cell in row] for row in found.rows] == [[8, 2], [0, 10]]
        assert found.confusions == (("a", "b", 2),)

    def test_of_many_classes_is_told_by_its_confusions(self) -> None:
        size = results.MATRIX_CLASSES + 1
        counts = [[int(row == column) for column in range(size)] for row in range(size)]
        counts[3][4] = 7

        found = results.matrix({"classes": [str(number) for number in range(size)], "confusion_matrix": counts})

        assert found is not None
        assert found.rows == ()
        assert found.confusions == (("3", "4", 7),)

    @pytest.mark.parametrize(
        "result",
        [
            {},
            {"classes": ["a"], "confusion_matrix": [[1, 2]]},
            {"classes": ["a", "b"], "confusion_matrix": [[1, 2]]},
            {"classes": ["a"], "confusion_matrix": [["x"]]},
            {"classes": "a", "confusion_matrix": [[1]]},
        ],
    )
    def test_is_none_when_it_does_not_fit(self, result: Any) -> None:
        assert results.matrix(result) is None
        assert results.per_class(result) == ()


class TestClasses:
    def test_are_reckoned_from_the_matrix(self) -> None:
        first, second = results.per_class(RESULT)

        assert (first.name, first.support, first.precision, first.recall) == ("a", "10", 1.0, 0.8)
        assert (second.precision, second.recall) == (10 / 12, 1.0)
        assert first.f1 == pytest.approx(2 * 0.8 / 1.8)

    def test_are_taken_from_the_module_where_it_says_them(self) -> None:
        said = {"a": {"precision": 0.5, "recall": 0.25, "f1": 0.33, "support": 4}}

        (row,) = results.per_class({**RESULT, "per_class": said})

        assert (row.name, row.precision, row.support) == ("a", 0.5, "4")

    def test_without_examples_have_no_figures(self) -> None:
        row = results.per_class({"classes": ["a", "b"], "confusion_matrix": [[0, 0], [0, 3]]})[0]

        assert (row.precision, row.recall, row.f1) == (None, None, None)
        assert results.percent(row.recall) == "-"
