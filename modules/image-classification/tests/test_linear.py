"""Rung 1 on real pictures, and what it chooses by."""

import math
from pathlib import Path

import numpy
import pytest

from pelagos_image_classification import dataset, features, linear, pictures


@pytest.fixture(scope="module")
def plankton_features(plankton: Path, run_cache: Path) -> tuple[numpy.ndarray, numpy.ndarray]:
    data = dataset.read(plankton)
    library = pictures.Library.at(run_cache, size=224, framing="pad")
    decoded = library.decode(data.train + data.val + data.test, lambda *_: None)
    rows = features.Backbone(run_cache, library, None).features(decoded.keys, lambda *_: None)
    return rows, numpy.array([sample.label for sample in decoded.samples])


def folds(labels: numpy.ndarray, seed: int) -> numpy.ndarray:
    generator, made = numpy.random.default_rng(seed), numpy.empty(len(labels), int)
    for label in numpy.unique(labels):
        members = generator.permutation(numpy.flatnonzero(labels == label))
        made[members] = (numpy.arange(len(members)) + generator.integers(5)) % 5
    return made


def lesson(rows: numpy.ndarray, labels: numpy.ndarray) -> linear.Lesson:
    return linear.Lesson(rows, labels, numpy.ones(len(labels), numpy.float32), numpy.arange(len(labels)))


class TestRungOne:
    def test_names_plankton_it_never_saw_with_an_accuracy_of_088_or_better(
        self, plankton_features: tuple[numpy.ndarray, numpy.ndarray]
    ) -> None:
        rows, labels = plankton_features
        right, losses, plain = [], [], []

        for seed in range(2):
            for number in range(5):
                held = folds(labels, seed) == number
                known = lesson(rows[~held], labels[~held])
                choice = linear.choose(known, 6, rows[:0], labels[:0], seed)
                *_, made = linear.epochs(known, 6, choice.penalty, 15)
                scores = made.scores(rows[held])
                right += (scores.argmax(1) == labels[held]).tolist()
                losses.append(linear.loss(scores / choice.temperature, labels[held]))
                plain.append(linear.loss(scores, labels[held]))

        assert numpy.mean(right) >= 0.88
        assert numpy.mean(losses) < numpy.mean(plain)

    def test_learns_a_little_more_in_every_epoch(self, plankton_features: tuple[numpy.ndarray, numpy.ndarray]) -> None:
        rows, labels = plankton_features

        curve = [linear.loss(made.scores(rows), labels) for made in linear.epochs(lesson(rows, labels), 6, 1.0, 6)]

        assert len(curve) == 6
        assert curve[0] > curve[1] > curve[2]
        assert curve[-1] < curve[0] / 3

    def test_of_one_epoch_is_converged(self, plankton_features: tuple[numpy.ndarray, numpy.ndarray]) -> None:
        rows, labels = plankton_features
        known = lesson(rows, labels)

        (once,) = linear.epochs(known, 6, 3.0, 1)
        *_, last = linear.epochs(known, 6, 3.0, 15)

        assert numpy.allclose(once.weight, last.weight, atol=1e-4)


class TestChoosing:
    def test_keeps_views_of_a_picture_in_one_fold(self) -> None:
        generator = numpy.random.default_rng(0)
        rows = numpy.repeat(generator.standard_normal((40, 20)), 3, axis=0).astype(numpy.float32)
        labels = numpy.repeat(generator.integers(0, 2, 40), 3)
        groups = numpy.repeat(numpy.arange(40), 3)
        ones = numpy.ones(120, numpy.float32)

        together = linear.choose(linear.Lesson(rows, labels, ones, groups), 2, rows[:0], labels[:0], 0)
        apart = linear.choose(linear.Lesson(rows, labels, ones, numpy.arange(120)), 2, rows[:0], labels[:0], 0)

        assert together.accuracy < apart.accuracy - 0.2

    def test_looks_at_validation_alone_when_there_is_plenty(self) -> None:
        generator = numpy.random.default_rng(0)
        labels = generator.integers(0, 2, 900)
        rows = (generator.standard_normal((900, 5)) + labels[:, None]).astype(numpy.float32)

        choice = linear.choose(lesson(rows[:500], labels[:500]), 2, rows[500:], labels[500:], 0)

        assert choice.pictures == 400
        assert choice.calibrated

    def test_takes_the_usual_penalty_where_nothing_can_be_held_out(self) -> None:
        rows, labels = numpy.eye(2, 4, dtype=numpy.float32), numpy.arange(2)

        for seed in range(8):
            choice = linear.choose(lesson(rows, labels), 2, rows[:0], labels[:0], seed)

            assert math.isfinite(choice.penalty)
            assert choice.temperature == 1.0
            assert not choice.calibrated


class TestTheTemperature:
    @pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
    def test_is_found_again(self, true: float) -> None:
        generator = numpy.random.default_rng(0)
        scores = generator.standard_normal((4000, 5)) * 2
        chances = numpy.exp(scores) / numpy.exp(scores).sum(1, keepdims=True)
        labels = numpy.array([generator.choice(5, p=row) for row in chances])

        assert linear.temperature(scores * true, labels) == pytest.approx(true, rel=0.1)

    def test_is_left_alone_for_a_handful_of_pictures(self) -> None:
        assert linear.temperature(numpy.zeros((9, 3)), numpy.zeros(9, int)) == 1.0


class TestClassWeights:
    def test_weigh_every_class_alike(self) -> None:
        labels = numpy.array([0] * 30 + [1] * 10 + [2] * 5)

        weights = linear.class_weights(labels, 3)

        assert numpy.allclose(weights * numpy.bincount(labels), 15)
        assert math.isclose(float(weights[labels].mean()), 1.0, rel_tol=1e-5)


class TestNothing:
    def test_has_no_loss_and_no_accuracy(self) -> None:
        empty, labels = numpy.empty((0, 3)), numpy.empty(0, int)

        assert math.isnan(linear.loss(empty, labels))
        assert math.isnan(linear.accuracy(empty, labels))
