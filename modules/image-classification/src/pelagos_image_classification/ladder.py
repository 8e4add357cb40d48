"""The rungs, one by one: what each is given, and what it leaves behind."""

import functools
import importlib
import math
import time
from collections.abc import Mapping

from pelagos.module import Training

from pelagos_image_classification import head, linear, material, pictures, rungs, stages, weights
from pelagos_image_classification.weights import Floats

LOOK, HEAD = "compute features", "rung 1: the head"
TORCH_RUNGS = {2: "rung 2: last blocks", 3: "rung 3: all layers"}
CHECKPOINTS = "checkpoint"


class Ladder:
    """The rungs of one training, and the figures of every epoch on them."""

    def __init__(self, run: Training, ready: material.Material, phases: stages.Stages) -> None:
        self._run, self._ready, self._phases = run, ready, phases
        self._started = time.perf_counter()
        self.history: list[dict[str, float | None]] = []

    def first(self, *, tail: bool) -> rungs.Result:
        """Climb rung 1; with `tail` the one pass through the network also leaves the activations for rung 2."""
        ready = self._ready
        with self._phases.stage(LOOK) as watch:
            if tail:
                ready.activations("train", watch)
                ready.activations("val", watch)
            lesson, val = ready.lesson(watch), ready.features("val", watch)
        with self._phases.stage(HEAD) as watch:
            classes, labels = len(ready.data.classes), ready.parts["val"].labels
            choice = linear.choose(lesson, classes, val, labels, ready.options.seed)
            told = f"held-out accuracy {choice.accuracy:.3f} on {choice.pictures} pictures"
            stages.say(f"regularisation {choice.penalty:g} and temperature {choice.temperature:.3f}: {told}")
            for number, fitted in enumerate(linear.epochs(lesson, classes, choice.penalty, ready.options.epochs), 1):
                watch(number, ready.options.epochs)
                self._log(1, number, self._figures(fitted, lesson, val))
        return self._result(fitted, val, choice)

    def further(self, number: int, start: rungs.Result) -> rungs.Result:
        """Climb rung 2 or 3 from the result of an earlier one; torch is loaded here and nowhere else."""
        with self._phases.stage(TORCH_RUNGS[number]) as watch:
            trainer = importlib.import_module("pelagos_image_classification.fine_tune")
            result: rungs.Result = trainer.train(
                self._job(number, start), functools.partial(self._epoch, number, watch)
            )
        return result

    def _job(self, number: int, start: rungs.Result) -> rungs.Job:
        ready, name = self._ready, f"{CHECKPOINTS}/rung-{number}.pt"
        inputs = ready.whole if number == 3 else functools.partial(ready.activations, watch=_unwatched)
        return rungs.Job(
            number=number,
            weights={**weights.pretrained(), **start.weights},
            train=inputs("train"),
            val=inputs("val"),
            class_weights=ready.class_weights,
            options=ready.options,
            fingerprint=ready.fingerprint,
            checkpoint=self._run.model / name,
            resume=self._run.resume.path / name if self._run.resume else None,
        )

    def _figures(self, fitted: head.Head, lesson: linear.Lesson, val: Floats) -> dict[str, float]:
        scores, val_scores, labels = fitted.scores(lesson.features), fitted.scores(val), self._ready.parts["val"].labels
        figures = {"loss": linear.loss(scores, lesson.labels), "accuracy": linear.accuracy(scores, lesson.labels)}
        if len(labels):
            figures |= {
                "val_loss": linear.loss(val_scores, labels),
                "val_accuracy": linear.accuracy(val_scores, labels),
            }
        return figures

    def _result(self, fitted: head.Head, val: Floats, choice: linear.Choice) -> rungs.Result:
        scores, labels = fitted.scores(val), self._ready.parts["val"].labels
        return rungs.Result(
            number=1,
            weights={"_fc": (fitted.weight, fitted.bias)},
            epoch=self._ready.options.epochs,
            val_accuracy=linear.accuracy(scores, labels),
            val_loss=linear.loss(scores / choice.temperature, labels),
            temperature=choice.temperature,
            calibrated=choice.calibrated,
        )

    def _epoch(self, rung: int, watch: pictures.Watch, epoch: int, figures: Mapping[str, float]) -> None:
        self._log(rung, epoch, figures)
        watch(epoch, self._ready.options.epochs)

    def _log(self, rung: int, epoch: int, figures: Mapping[str, float]) -> None:
        step = len(self.history) + 1
        known = {name: value if math.isfinite(value) else None for name, value in figures.items()}
        self.history.append({"epoch": step, "rung": rung, **known, "time_s": time.perf_counter() - self._started})
        self._run.log(step, rung=rung, **figures)
        told = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
        stages.say(f"rung {rung} epoch {epoch}/{self._ready.options.epochs}: {told}")


def _unwatched(_done: int, _total: int) -> None:
    """Watch nothing: what is read was computed before."""
