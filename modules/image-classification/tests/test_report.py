"""Figures that judge a classifier, against figures worked out by hand."""

import numpy
import pytest

from pelagos_image_classification import report

CLASSES = ("a", "b", "c")


def judged() -> dict:
    probabilities = numpy.array([[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0, 0.2, 0.8]], numpy.float32)
    return report.judged(probabilities, numpy.array([0, 1, 1, 2]), CLASSES)


class TestAJudgement:
    def test_counts_truth_in_rows_and_answers_in_columns(self) -> None:
        assert judged()["confusion_matrix"] == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
        assert judged()["accuracy"] == 0.75

    def test_gives_precision_recall_and_f1_of_each_class(self) -> None:
        first, second, third = judged()["per_class"]

        assert (first["precision"], first["recall"]) == (0.5, 1.0)
        assert (second["precision"], second["recall"], second["pictures"]) == (1.0, 0.5, 2)
        assert second["f1"] == pytest.approx(2 / 3)
        assert third["f1"] == 1.0
        assert judged()["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 1) / 3)

    def test_gives_zero_for_a_class_that_never_comes(self) -> None:
        rows = report.per_class(numpy.array([[2, 0], [0, 0]]), ("a", "b"))

        assert (rows[1]["precision"], rows[1]["recall"], rows[1]["f1"]) == (0.0, 0.0, 0.0)

    def test_tells_how_far_sureness_is_from_accuracy(self) -> None:
        sure = numpy.array([[0.95, 0.05]] * 10, numpy.float32)
        labels = numpy.array([0] * 5 + [1] * 5)

        assert report.calibration_error(sure, labels) == pytest.approx(0.45, abs=1e-5)

    def test_bears_having_no_pictures(self) -> None:
        assert report.judged(numpy.empty((0, 2), numpy.float32), numpy.empty(0, int), ("a", "b"))["accuracy"] == 0


class TestTheConfusionTable:
    def test_has_a_row_for_each_class(self) -> None:
        lines = report.table([[1, 0], [2, 33]], ("sea star", "b")).splitlines()

        assert lines[1].split() == ["sea", "star", "1", "0"]
        assert lines[2].split() == ["b", "2", "33"]
