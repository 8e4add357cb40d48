"""The linear head, against what its formula demands."""

import numpy

from pelagos_image_classification import head


def lesson(pictures: int = 60, features: int = 8, classes: int = 3) -> tuple[numpy.ndarray, numpy.ndarray]:
    generator = numpy.random.default_rng(0)
    centres = generator.standard_normal((classes, features)) * 1.5
    labels = generator.integers(0, classes, pictures)
    return (centres[labels] + generator.standard_normal((pictures, features))).astype(numpy.float32), labels


def fitted(values: numpy.ndarray, labels: numpy.ndarray, penalty: float, steps: int = 3000) -> head.Head:
    basis, ones = head.Basis.of(values), numpy.ones((1, len(values)), numpy.float32)
    weight, bias = next(head.fit(basis, labels, 3, ones, numpy.array([penalty], numpy.float32), steps))
    return basis.head(weight[:, 0], bias[0])


class TestTheFit:
    def test_ends_where_the_slope_of_the_loss_is_zero(self) -> None:
        for values, labels in (lesson(60, 8), lesson(20, 50)):
            made = fitted(values, labels, penalty=2.0)

            errors = (head.softmax(made.scores(values)) - numpy.eye(3)[labels]) / len(values)
            slope = errors.T @ (values - values.mean(0)) + made.weight * 2.0 / len(values)
            assert numpy.abs(slope).max() < 1e-3
            assert numpy.abs(errors.sum(0)).max() < 1e-3

    def test_of_many_models_at_once_gives_each_what_it_gives_alone(self) -> None:
        values, labels = lesson()
        basis = head.Basis.of(values)
        weights = numpy.ones((2, len(values)), numpy.float32)
        weights[1, ::3] = 0

        weight, bias = next(head.fit(basis, labels, 3, weights, numpy.array([1.0, 5.0], numpy.float32), 400))
        alone, alone_bias = next(head.fit(basis, labels, 3, weights[1:], numpy.array([5.0], numpy.float32), 400))

        assert numpy.abs(weight[:, 1] - alone[:, 0]).max() < 1e-4
        assert numpy.abs(bias[1] - alone_bias[0]).max() < 1e-4

    def test_does_not_see_pictures_of_weight_zero(self) -> None:
        values, labels = lesson()
        wrong = labels.copy()
        wrong[:20] = (labels[:20] + 1) % 3
        weights = numpy.ones((1, len(values)), numpy.float32)
        weights[0, :20] = 0
        basis, penalty = head.Basis.of(values), numpy.ones(1, numpy.float32)

        right, misled = (next(head.fit(basis, given, 3, weights, penalty, 100))[0] for given in (labels, wrong))

        assert numpy.array_equal(right, misled)

    def test_is_weaker_the_stronger_the_penalty(self) -> None:
        values, labels = lesson()

        sizes = [numpy.abs(fitted(values, labels, penalty, 300).weight).sum() for penalty in (0.1, 10, 1000)]

        assert sizes[0] > sizes[1] > sizes[2]


class TestTheBasis:
    def test_says_the_same_in_fewer_numbers(self) -> None:
        values, _ = lesson(10, 40)

        basis = head.Basis.of(values)

        assert basis.values.shape == (10, 9)
        assert numpy.abs(basis.project(values) - basis.values).max() < 1e-4
        distances = [numpy.linalg.norm(part[0] - part[5]) for part in (values, basis.values)]
        assert abs(distances[0] - distances[1]) < 1e-3

    def test_bears_features_that_never_change(self) -> None:
        values, labels = lesson()
        values[:, 2] = 7.0

        assert (fitted(values, labels, 1.0, 200).scores(values).argmax(1) == labels).mean() > 0.9
