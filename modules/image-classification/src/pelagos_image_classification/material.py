"""The pictures of a data set made ready for the ladder: decoded, with labels, and their features within reach."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

from pelagos_image_classification import arguments, cache, dataset, features, linear, pictures, rungs
from pelagos_image_classification.head import Labels
from pelagos_image_classification.weights import Floats

VIEWS = 3
"""Changed views of each training picture that rungs 1 and 2 learn from beside the picture itself."""


@dataclass(frozen=True)
class Part:
    """The pictures of one list that could be read; label -1 where the list has none."""

    samples: dataset.Samples
    keys: tuple[cache.Key, ...]
    labels: Labels

    @property
    def labelled(self) -> numpy.ndarray[Any, numpy.dtype[numpy.bool_]]:
        """Which pictures have a label."""
        return self.labels >= 0


@dataclass(frozen=True)
class Material:
    """Everything the rungs learn from."""

    data: dataset.DataSet
    parts: Mapping[str, Part]
    broken: tuple[tuple[str, str], ...]
    library: pictures.Library
    backbone: features.Backbone
    options: arguments.Options
    told: tuple[str, ...] = ()
    """What the user should know beside what follows from the data set and the arguments alone."""

    @property
    def views(self) -> tuple[features.View, ...]:
        """The ways training pictures are looked at; the first is the plain one."""
        recipe = self.options.train_mode
        if not (self.options.use_augmentation and recipe.active):
            return (features.PLAIN,)
        return (features.PLAIN, *(features.View(recipe, self.options.seed, number) for number in range(1, VIEWS + 1)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of this training."""
        learned = set(self.parts["train"].keys)
        again = {name: sum(key in learned for key in self.parts[name].keys) for name in ("val", "test")}
        flattered = [
            f"{count} {name} pictures are also training pictures, so the judgement flatters"
            for name, count in again.items()
            if count
        ]
        test = self.parts["test"].labelled
        unknown = f"{len(test) - test.sum()} of {len(test)} test pictures have no label: they are predicted, not judged"
        blind = () if test.all() else (unknown,)
        return (*self.options.notes, *self.told, *self.data.notes, *flattered, *blind)

    @property
    def class_weights(self) -> Floats:
        """The weight of each class."""
        classes = len(self.data.classes)
        return (
            linear.class_weights(self.parts["train"].labels, classes)
            if self.options.use_class_weights
            else numpy.ones(classes, numpy.float32)
        )

    @property
    def fingerprint(self) -> str:
        """Name the pictures, their labels and the arguments that a checkpoint depends on."""
        train, val = self.parts["train"], self.parts["val"]
        return cache.key(*train.keys, *val.keys, train.labels.tobytes(), repr(self.options)).hex()

    def lesson(self, watch: pictures.Watch) -> linear.Lesson:
        """Give what rung 1 learns from: the features of every view of every training picture."""
        part, views = self.parts["train"], self.views
        rows = [self.backbone.features(part.keys, watch, view) for view in views]
        labels = numpy.tile(part.labels, len(views))
        return linear.Lesson(
            numpy.concatenate(rows),
            labels,
            self.class_weights[labels],
            numpy.tile(numpy.arange(len(part.keys)), len(views)),
        )

    def features(self, name: str, watch: pictures.Watch) -> Floats:
        """Give the features of the pictures of one list."""
        return self.backbone.features(self.parts[name].keys, watch)

    def activations(self, name: str, watch: pictures.Watch) -> rungs.Pictures:
        """Give what rung 2 learns from; every epoch picks one of the views of each training picture."""
        part = self.parts[name]
        views = self.views if name == "train" else (features.PLAIN,)
        rows = [self.backbone.activations(part.keys, watch, view) for view in views]

        def batch(numbers: Labels, epoch: int) -> cache.Rows:
            chosen = numpy.random.default_rng((self.options.seed, epoch + 1)).integers(len(rows), size=len(part.keys))[
                numbers
            ]
            return numpy.stack([rows[view][number] for view, number in zip(chosen, numbers, strict=True)])

        return rungs.Pictures(batch, part.labels)

    def whole(self, name: str) -> rungs.Pictures:
        """Give what rung 3 learns from: pictures, with a fresh view of each in every epoch."""
        part, rows = self.parts[name], self.library.store.rows(self.parts[name].keys)
        changed = name == "train" and len(self.views) > 1

        def batch(numbers: Labels, epoch: int) -> cache.Rows:
            view = features.View(self.options.train_mode, self.options.seed, epoch + 1) if changed else features.PLAIN
            return features.seen(rows[numbers], [part.keys[number] for number in numbers], view)

        return rungs.Pictures(batch, part.labels)


def prepare(
    data: dataset.DataSet,
    options: arguments.Options,
    folder: Path,
    watch: pictures.Watch,
    *,
    notes: tuple[str, ...] = (),
) -> Material:
    """Decode the pictures; broken ones are listed, and only when too few remain is it BadDataSet."""
    library = pictures.Library.at(folder, size=options.image_size, framing=options.framing)
    lists = {"train": data.train, "val": data.val, "test": data.test if options.use_test else ()}
    total, before = sum(map(len, lists.values())), 0
    parts: dict[str, Part] = {}
    broken: list[tuple[str, str]] = []
    for name, samples in lists.items():
        decoded = library.decode(samples, lambda done, _, before=before: watch(before + done, total))  # type: ignore[misc]
        before += len(samples)
        labels = numpy.array([-1 if sample.label is None else sample.label for sample in decoded.samples], numpy.int64)
        parts[name] = Part(decoded.samples, decoded.keys, labels)
        broken += decoded.broken
    _check(data, parts["train"], broken)
    backbone = features.Backbone(folder, library, options.colours)
    return Material(data, parts, tuple(broken), library, backbone, options, notes)


def _check(data: dataset.DataSet, train: Part, broken: list[tuple[str, str]]) -> None:
    counts = Counter(train.labels.tolist())
    faults = [
        f"class {label} ({name!r}) has no usable picture to learn from"
        for label, name in enumerate(data.classes)
        if not counts[label]
    ]
    if faults:
        raise dataset.BadDataSet([*faults, *(f"{name}: {reason}" for name, reason in broken)])
