"""Rung 1: how strongly to regularise the linear head, how sure it may be, and the head itself, epoch by epoch.

Regularisation and temperature are chosen on pictures the head did not learn from: the validation pictures and, as long
as those are few, held-out folds of the training pictures too. Temperature scaling: Guo et al., ICML 2017.
"""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy

from pelagos_image_classification import head
from pelagos_image_classification.head import Labels
from pelagos_image_classification.weights import Floats

PENALTIES = numpy.array([0.03, 0.1, 0.3, 1, 3, 10, 30, 100], numpy.float32)
_USUAL = 1.0  # The penalty where nothing could be held out.
_FOLDS = 5
_PLENTY = 200  # So many validation pictures alone are enough to choose by.
_MOST = 2000  # Choosing looks at no more training pictures than this, at half of it where there are folds.
_CHOOSING_STEPS = 150
_NUMBERS = 40_000_000  # Scores that choosing may hold at once: folds are left out where they would need more.
_STEPS = (60, 300)  # To converge: the second for few scores a step, fewer for more, never under the first.
_SCORES = 20_000
_FEW = 10  # Below so many held-out pictures no temperature can be told.


@dataclass(frozen=True)
class Lesson:
    """Pictures to learn from: features, labels, weight of each, and which views are of the same picture."""

    features: Floats
    labels: Labels
    weights: Floats
    groups: Labels


@dataclass(frozen=True)
class Choice:
    """What was chosen, and how the head did on the pictures held out for choosing."""

    penalty: float
    temperature: float
    loss: float
    accuracy: float
    pictures: int

    @property
    def calibrated(self) -> bool:
        """Whether there were pictures enough to tell a temperature."""
        return self.pictures >= _FEW


def choose(lesson: Lesson, classes: int, val_features: Floats, val_labels: Labels, seed: int) -> Choice:
    """Choose penalty and temperature."""
    by_folds = _wants_folds(min(len(lesson.labels), _MOST // 2), len(val_labels), classes)
    lesson = _part(lesson, _MOST // 2 if by_folds else _MOST, seed)
    # The first round learns from all and is judged by validation; each other one holds out a fold.
    held = [numpy.zeros(len(lesson.labels), bool)]
    if by_folds:
        folds = _folds(lesson, seed)
        outs = [folds == number for number in range(_FOLDS)]
        held += [out for out in outs if out.any() and not out.all()]
    basis = head.Basis.of(lesson.features)
    weights = numpy.repeat(numpy.stack([lesson.weights * ~out for out in held]), len(PENALTIES), axis=0)
    weight, bias = next(
        head.fit(basis, lesson.labels, classes, weights, numpy.tile(PENALTIES, len(held)), _CHOOSING_STEPS)
    )
    scores, labels = [_scores(basis.project(val_features), weight, bias, 0)], [val_labels]
    for index, out in enumerate(held[1:], start=1):
        scores.append(_scores(basis.values[out], weight, bias, index))
        labels.append(lesson.labels[out])
    return _best(numpy.concatenate(scores), numpy.concatenate(labels))


def epochs(lesson: Lesson, classes: int, penalty: float, count: int) -> Iterator[head.Head]:
    """Fit the head in `count` epochs; the last is converged, the first are short so that the curve shows learning."""
    basis = head.Basis.of(lesson.features)
    fitting = head.fit(
        basis, lesson.labels, classes, lesson.weights[None], numpy.array([penalty], numpy.float32), steps=1
    )
    scale = math.sqrt(_SCORES / (len(lesson.labels) * classes))
    steps, done = min(max(round(_STEPS[1] * scale), _STEPS[0]), _STEPS[1]), 0
    for number in range(1, count + 1):
        until = max(number, math.ceil(steps * (number / count) ** 3))
        weight, bias = next(itertools.islice(fitting, until - done - 1, None))
        done = until
        yield basis.head(weight[:, 0], bias[0])


def class_weights(labels: Labels, classes: int) -> Floats:
    """Weigh every class alike, however many pictures it has; the mean over pictures is 1."""
    counts = numpy.bincount(labels, minlength=classes)
    return numpy.asarray(len(labels) / (classes * numpy.maximum(counts, 1)), numpy.float32)


def temperature(scores: Floats, labels: Labels) -> float:
    """Find the temperature with the lowest loss, by golden section over its logarithm; 1 for too few pictures."""
    if len(labels) < _FEW:
        return 1.0
    low, high, ratio = math.log(0.2), math.log(20.0), (math.sqrt(5) - 1) / 2
    while high - low > 1e-3:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if loss(scores / math.exp(left), labels) < loss(scores / math.exp(right), labels):
            high = right
        else:
            low = left
    return math.exp((low + high) / 2)


def loss(scores: Floats, labels: Labels) -> float:
    """Give the mean cross-entropy; NaN for no pictures."""
    if not len(labels):
        return math.nan
    shifted = scores - scores.max(1, keepdims=True)
    logs = numpy.log(numpy.exp(shifted).sum(1)) - shifted[numpy.arange(len(labels)), labels]
    return float(logs.mean())


def accuracy(scores: Floats, labels: Labels) -> float:
    """Give the share of right answers; NaN for no pictures."""
    return float((scores.argmax(1) == labels).mean()) if len(labels) else math.nan


def _part(lesson: Lesson, most: int, seed: int) -> Lesson:
    if len(lesson.labels) <= most:
        return lesson
    chosen = numpy.random.default_rng(seed).permutation(len(lesson.labels))[:most]
    return Lesson(lesson.features[chosen], lesson.labels[chosen], lesson.weights[chosen], lesson.groups[chosen])


def _wants_folds(pictures: int, val: int, classes: int) -> bool:
    """Tell whether held-out folds are to help the validation pictures; without any of those there is no other way."""
    fits = pictures * classes * len(PENALTIES) * (_FOLDS + 1) <= _NUMBERS
    return val == 0 or (val < _PLENTY and fits)


def _folds(lesson: Lesson, seed: int) -> Labels:
    """Deal the pictures out to folds, class by class; views of one picture stay together."""
    generator = numpy.random.default_rng(seed)
    groups, first = numpy.unique(lesson.groups, return_index=True)
    fold_of = numpy.zeros(int(groups.max()) + 1, numpy.int64)
    labels = lesson.labels[first]
    for label in numpy.unique(labels):
        members = generator.permutation(groups[labels == label])
        fold_of[members] = (numpy.arange(len(members)) + generator.integers(_FOLDS)) % _FOLDS
    return numpy.asarray(fold_of[lesson.groups])


def _scores(values: Floats, weight: Floats, bias: Floats, index: int) -> Floats:
    """Give the scores (pictures x penalties x classes) of the models of one round."""
    models = slice(index * len(PENALTIES), (index + 1) * len(PENALTIES))
    return numpy.asarray(numpy.einsum("nr,rmc->nmc", values, weight[:, models], optimize=True) + bias[models])


def _best(scores: Floats, labels: Labels) -> Choice:
    if not len(labels):
        return Choice(_USUAL, 1.0, math.nan, math.nan, 0)
    choices = []
    for index, penalty in enumerate(PENALTIES):
        warmth = temperature(scores[:, index], labels)
        scaled = scores[:, index] / warmth
        choices.append(Choice(float(penalty), warmth, loss(scaled, labels), accuracy(scaled, labels), len(labels)))
    return min(choices, key=lambda choice: choice.loss)
