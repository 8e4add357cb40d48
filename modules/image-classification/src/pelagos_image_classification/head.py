"""The linear head: multinomial logistic regression on pooled features, many regularisations and folds at once.

Minimises, for each of M models, sum_i w_i * crossentropy_i / sum_i w_i + penalty / n * |W|^2 / 2 by accelerated
gradient steps (Nesterov, 1983) preconditioned with the bound on the Hessian of Boehning (1992). In the basis of the
principal components that bound is diagonal, so a step costs two matrix products, and all models share them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from pelagos_image_classification.weights import Floats

Labels = numpy.ndarray[Any, numpy.dtype[numpy.int64]]


@dataclass(frozen=True)
class Head:
    """A linear classifier: scores = features @ weight.T + bias, as the ONNX head has it."""

    weight: Floats
    bias: Floats

    def scores(self, features: Floats) -> Floats:
        """Give the scores (logits), a row for each picture."""
        return numpy.asarray(features @ self.weight.T + self.bias, numpy.float32)


@dataclass(frozen=True)
class Basis:
    """The features seen along their principal components."""

    mean: Floats
    directions: Floats
    """Features by components, orthonormal columns."""
    variances: Floats
    """Mean square along each component."""
    values: Floats
    """The training features in this basis."""

    @classmethod
    def of(cls, features: Floats) -> "Basis":
        """Make the basis from training features; exact, of rank min(pictures, features)."""
        mean = features.mean(0)
        centred = features - mean
        if len(centred) < centred.shape[1]:
            squares, left = numpy.linalg.eigh(centred @ centred.T)
            kept = squares > squares[-1] * 1e-6
            directions = centred.T @ left[:, kept] / numpy.sqrt(squares[kept])
        else:
            squares, directions = numpy.linalg.eigh(centred.T @ centred)
            kept = squares > squares[-1] * 1e-6
            directions = directions[:, kept]
        variances = numpy.asarray(squares[kept] / len(features), numpy.float32)
        return cls(mean, numpy.asarray(directions, numpy.float32), variances, centred @ directions)

    def project(self, features: Floats) -> Floats:
        """Bring other features into this basis."""
        return numpy.asarray((features - self.mean) @ self.directions, numpy.float32)

    def head(self, weight: Floats, bias: Floats) -> Head:
        """Give the head in terms of the features themselves; `weight` is components by classes."""
        outside = numpy.asarray((self.directions @ weight).T, numpy.float32)
        return Head(outside, numpy.asarray(bias - outside @ self.mean, numpy.float32))


def fit(
    basis: Basis, labels: Labels, classes: int, weights: Floats, penalties: Floats, steps: int
) -> Iterator[tuple[Floats, Floats]]:
    """Fit M models; after every `steps` steps yield (weight: components x M x classes, bias: M x classes), for ever.

    `weights` is M x pictures (0 leaves a picture out); `penalties` has M numbers, in units of one picture's loss.
    """
    values, models = basis.values, len(penalties)
    targets = numpy.eye(classes, dtype=numpy.float32)[labels]
    shares = (weights / weights.sum(1, keepdims=True)).T[:, :, None].astype(numpy.float32)
    counts = (weights > 0).sum(1)
    shrink = (penalties / counts).astype(numpy.float32)
    steepness = 0.5 * shares.max((0, 2)) * len(values)
    scale = (1 / (basis.variances[:, None] * steepness + shrink))[:, :, None]
    weight = ahead = numpy.zeros((values.shape[1], models, classes), numpy.float32)
    bias = bias_ahead = numpy.zeros((models, classes), numpy.float32)
    momentum = 1.0
    while True:
        for _ in range(steps):
            scores = (values @ ahead.reshape(values.shape[1], -1)).reshape(len(values), models, classes) + bias_ahead
            errors = (softmax(scores) - targets[:, None, :]) * shares
            slope = (values.T @ errors.reshape(len(values), -1)).reshape(ahead.shape) + ahead * shrink[:, None]
            next_weight = ahead - slope * scale
            next_bias = bias_ahead - errors.sum(0) / (0.5 * shares.sum(0))
            momentum, previous = (1 + (1 + 4 * momentum**2) ** 0.5) / 2, momentum
            push = numpy.float32((previous - 1) / momentum)
            ahead = next_weight + push * (next_weight - weight)
            bias_ahead = next_bias + push * (next_bias - bias)
            weight, bias = next_weight, next_bias
        yield weight, bias


def softmax(scores: Floats) -> Floats:
    """Turn scores into probabilities along the last axis."""
    exponentials = numpy.exp(scores - scores.max(-1, keepdims=True))
    return numpy.asarray(exponentials / exponentials.sum(-1, keepdims=True), numpy.float32)
