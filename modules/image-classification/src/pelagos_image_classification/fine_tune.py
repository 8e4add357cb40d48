"""Rungs 2 and 3: the last blocks on cached activations, or all layers. Needs torch, so only a training loads it.

Batch norms are folded and channels come last: 2.3 times the steps a second of the plain network on a CPU.
"""

import copy
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy
import torch
from pelagos import module
from pelagos.module import BadInput
from torch.nn import functional

from pelagos_image_classification import arguments, linear, memory, network, rungs, stages, torch_network
from pelagos_image_classification.head import Labels
from pelagos_image_classification.weights import Floats

_BODY_RATE = 0.1  # As in DEEP: what is trained already learns at a tenth of the head's rate.
_PATIENCE = 0.2
_LEAST_PATIENCE = 3
_PLATEAU_GAIN = 1e-4  # DEEP's lr_plateau_min_delta and lr_plateau_min_lr.
_LEAST_RATE = 1e-6

State = dict[str, Any]


@dataclass
class _Course:
    """Where a rung is: what a checkpoint holds."""

    epoch: int = 0
    finished: bool = False
    best: State = field(default_factory=dict)
    best_epoch: int = 0
    lowest_loss: float = math.inf
    lowest_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def train(job: rungs.Job, log: rungs.Log) -> rungs.Result:
    """Train one rung to its end, or on from a checkpoint; the result holds the best epoch's weights, or the last's."""
    torch.set_num_threads(module.threads())
    memory.keep()
    trainer = _Trainer(job)
    trainer.restore()
    for number, figures in enumerate(trainer.course.history, start=1):
        log(number, figures)
    while not trainer.finished():
        figures = trainer.epoch()
        log(trainer.course.epoch, figures)
        trainer.save()
    trainer.course.finished = True
    trainer.save(last=True)
    return trainer.result()


def rate(options: arguments.Options, losses: Sequence[float]) -> float:
    """Give the learning rate of the next epoch; `losses` are those of the epochs so far, of validation if possible."""
    part = len(losses) / options.epochs
    if options.lr_schedule_mode == "cosine":
        return options.initial_lr * (1 + math.cos(math.pi * part)) / 2
    if options.lr_schedule_mode == "plateau":
        return _plateau_rate(options, losses)
    if options.lr_schedule_mode in {"constant", "none"}:
        return options.initial_lr
    return options.initial_lr * options.lr_step_decay ** sum(part >= step for step in options.lr_step_schedule)


def _plateau_rate(options: arguments.Options, losses: Sequence[float]) -> float:
    """Reduce the rate each time the loss has not gained for some epochs, as Keras' ReduceLROnPlateau does for DEEP."""
    learning_rate, lowest, waited = options.initial_lr, math.inf, 0
    for loss in losses:
        gained = loss < lowest - _PLATEAU_GAIN
        lowest, waited = (loss, 0) if gained else (lowest, waited + 1)
        if not gained and waited >= options.lr_plateau_patience:
            learning_rate, waited = max(learning_rate * options.lr_plateau_factor, min(learning_rate, _LEAST_RATE)), 0
    return learning_rate


class _Trainer:
    """A network, its optimiser and its course."""

    def __init__(self, job: rungs.Job) -> None:
        self.job, self.options = job, job.options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        model = torch_network.Network(job.weights, first=network.TAIL if job.number == 2 else 0)
        self.model = model.to(self.device)
        groups = [
            {"params": list(model.head.parameters()), "factor": 1.0},
            {"params": list(model.body.parameters()), "factor": _BODY_RATE},
        ]
        self.optimiser = torch.optim.Adam(
            groups, lr=self.options.initial_lr, weight_decay=self.options.l2_reg, fused=True
        )
        self.class_weights = torch.from_numpy(job.class_weights).to(self.device)
        self.course = _Course()

    def finished(self) -> bool:
        """Whether the epochs are done, validation gains no more, or the loss is no number."""
        course = self.course
        if course.finished or course.epoch >= self.options.epochs:
            return True
        if course.history and not math.isfinite(course.history[-1]["loss"]):
            stages.say("the loss is no number any more: this rung ends; a lower initial_lr would help")
            return True
        patience = max(_LEAST_PATIENCE, round(_PATIENCE * self.options.epochs))
        return self.options.use_early_stopping and self._has_val and course.epoch - course.lowest_epoch >= patience

    def epoch(self) -> dict[str, float]:
        """Go once through the training pictures and judge by the validation pictures."""
        watched = "val_loss" if self._has_val else "loss"
        learning_rate = rate(self.options, [figures[watched] for figures in self.course.history])
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate * group["factor"]
        torch.manual_seed(self.options.seed * 100_003 + self.course.epoch)
        loss, accuracy = self._learn()
        scores = self.scores(self.job.val)
        val_loss, val_accuracy = linear.loss(scores, self.job.val.labels), linear.accuracy(scores, self.job.val.labels)
        figures = {"loss": loss, "accuracy": accuracy, "learning_rate": learning_rate}
        figures |= {"val_loss": val_loss, "val_accuracy": val_accuracy} if self._has_val else {}
        self._note(figures, scores)
        return figures

    def scores(self, pictures: rungs.Pictures) -> Floats:
        """Give the scores of pictures, not learning from them."""
        self.model.eval()
        with torch.inference_mode():
            made = [
                self.model(self._input(pictures, numbers, -1)).cpu().numpy()
                for numbers in self._cuts(numpy.arange(len(pictures.labels)))
            ]
        return numpy.concatenate(made) if made else numpy.empty((0, len(self.job.class_weights)), numpy.float32)

    def result(self) -> rungs.Result:
        """Give the weights to keep and the temperature that validation asks for; BadInput when there are none."""
        if not self.course.best:
            raise BadInput(f"{self.options.initial_lr} is too high: the loss was no number at once", field="initial_lr")
        self.model.load_state_dict(self.course.best)
        scores = self.scores(self.job.val)
        warmth = linear.temperature(scores, self.job.val.labels)
        accuracy, loss = linear.accuracy(scores, self.job.val.labels), linear.loss(scores / warmth, self.job.val.labels)
        weights = {**self.job.weights, **self.model.weights()}
        return rungs.Result(
            self.job.number, weights, self.course.best_epoch, accuracy, loss, warmth, calibrated=warmth != 1.0
        )

    def save(self, *, last: bool = False) -> None:
        """Write a checkpoint where one is due."""
        every = max(1, round((self.options.ckpt_freq or 0) * self.options.epochs))
        if not last and self.course.epoch % every:
            return
        self.job.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        content = {
            "fingerprint": self.job.fingerprint,
            "course": vars(self.course),
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        temporary = self.job.checkpoint.with_suffix(".tmp")
        torch.save(content, temporary)
        temporary.replace(self.job.checkpoint)

    def restore(self) -> None:
        """Go on from the checkpoint of an earlier run of the same training."""
        if self.job.resume is None or not self.job.resume.is_file():
            return
        content = torch.load(self.job.resume, map_location=self.device, weights_only=True)
        if content["fingerprint"] != self.job.fingerprint:
            stages.say(f"{self.job.resume.name} is of other pictures or arguments: it is not gone on from")
            return
        self.model.load_state_dict(content["model"])
        self.optimiser.load_state_dict(content["optimiser"])
        self.course = _Course(**content["course"])
        stages.say(f"rung {self.job.number} goes on after epoch {self.course.epoch}")

    @property
    def _has_val(self) -> bool:
        return len(self.job.val.labels) > 0

    def _learn(self) -> tuple[float, float]:
        self.model.train()
        order = numpy.random.default_rng((self.options.seed, self.course.epoch)).permutation(len(self.job.train.labels))
        losses, right = [], 0
        for numbers in self._cuts(order):
            values = self._input(self.job.train, numbers, self.course.epoch)
            labels = torch.from_numpy(self.job.train.labels[numbers]).to(self.device)
            scores = self.model(values)
            loss = functional.cross_entropy(scores, labels, self.class_weights)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            losses.append(loss.item() * len(numbers))
            right += int((scores.argmax(1) == labels).sum())
        return sum(losses) / len(order), right / len(order)

    def _cuts(self, numbers: Labels) -> Iterator[Labels]:
        size = self.options.batch_size
        return (numbers[start : start + size] for start in range(0, len(numbers), size))

    def _input(self, pictures: rungs.Pictures, numbers: Labels, epoch: int) -> torch.Tensor:
        rows = torch.from_numpy(pictures.batch(numbers, epoch)).to(self.device)
        if self.job.number == 2:
            return rows.float().contiguous(memory_format=torch.channels_last)
        return torch_network.normalised(rows, self.options.colours).contiguous(memory_format=torch.channels_last)

    def _note(self, figures: dict[str, float], scores: Floats) -> None:
        """Count the epoch, and keep its weights when it is the best so far, or when the last is what is wanted."""
        course, labels = self.course, self.job.val.labels
        course.epoch += 1
        course.history.append(figures)
        loss = linear.loss(scores / linear.temperature(scores, labels), labels)
        if not math.isfinite(figures["loss"]) or (self._has_val and not math.isfinite(loss)):
            return
        gains = not self._has_val or loss < course.lowest_loss
        if gains:
            course.lowest_loss, course.lowest_epoch = loss, course.epoch
        if gains or not self.options.use_best_model:
            course.best, course.best_epoch = copy.deepcopy(self.model.state_dict()), course.epoch
