"""What goes into a rung of the ladder and what comes out; plain values, so that torch is needed only inside one."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pelagos_image_classification import arguments, head
from pelagos_image_classification.cache import Rows
from pelagos_image_classification.head import Labels
from pelagos_image_classification.weights import Floats, Folded

NAMES = {1: "head on frozen features", 2: "last blocks on cached activations", 3: "all layers"}

_GAIN = 0.02

Batch = Callable[[Labels, int], Rows]
"""Gives the inputs of the pictures with these numbers, as they are seen in this epoch."""
Log = Callable[[int, Mapping[str, float]], None]
"""Called after every epoch with its number (from 1) and its figures; may raise to stop."""


@dataclass(frozen=True)
class Pictures:
    """Inputs of a rung (activations for 2, pictures for 3) with their labels."""

    batch: Batch
    labels: Labels


@dataclass(frozen=True)
class Job:
    """What rung 2 or 3 is to do."""

    number: int
    weights: Folded
    """To start from; the head is the one of rung 1."""
    train: Pictures
    val: Pictures
    class_weights: Floats
    options: arguments.Options
    fingerprint: str
    """A checkpoint of another data set or other arguments is not gone on from."""
    checkpoint: Path
    """Where to write checkpoints."""
    resume: Path | None
    """A checkpoint of an earlier run, if there is one."""


@dataclass(frozen=True)
class Result:
    """A trained network and how it did on the validation pictures (NaN without them)."""

    number: int
    weights: Folded
    """Those that differ from the pretrained ones; the head is "_fc"."""
    epoch: int
    val_accuracy: float
    val_loss: float
    """After dividing the scores by the temperature."""
    temperature: float = 1.0
    calibrated: bool = False

    @property
    def head(self) -> head.Head:
        """The head alone."""
        return head.Head(*self.weights["_fc"])

    def better(self, other: "Result") -> bool:
        """Whether this one did clearly better: less calibrated loss; true where there was nothing to tell by.

        Loss and not accuracy: on the few dozen validation pictures that people have, accuracy moves by chance alone.
        """
        return math.isnan(other.val_loss) or self.val_loss < other.val_loss * (1 - _GAIN)
