"""Rungs 2 and 3."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from pelagos.module import BadInput

from pelagos_image_classification import arguments, network, rungs, weights

pytest.importorskip("torch", reason="torch is an extra")
fine_tune = pytest.importorskip("pelagos_image_classification.fine_tune")

Jobs = Callable[..., rungs.Job]


@pytest.fixture(scope="module")
def pretrained() -> weights.Folded:
    generator = numpy.random.default_rng(0)
    head = (generator.standard_normal((2, network.FEATURES)).astype(numpy.float32) / 100, numpy.zeros(2, numpy.float32))
    return {**weights.pretrained(), "_fc": head}


@pytest.fixture
def job(pretrained: weights.Folded, tmp_path: Path) -> Jobs:
    """Make a job on small activations of two classes that can be told apart."""
    generator = numpy.random.default_rng(1)
    labels = generator.integers(0, 2, 24)
    rows = generator.standard_normal((24, 112, 4, 4)).astype(numpy.float16)
    rows[labels == 1, :20] += 3

    def make(name: str = "rung-2.pt", *, val: int = 8, resume: str | None = None, **options: object) -> rungs.Job:
        return rungs.Job(
            number=2,
            weights=pretrained,
            train=rungs.Pictures(lambda numbers, _: rows[numbers], labels[:16]),
            val=rungs.Pictures(lambda numbers, _: rows[16 + numbers], labels[16 : 16 + val]),
            class_weights=numpy.ones(2, numpy.float32),
            options=arguments.Options(**{"epochs": 4, "initial_lr": 0.005, "batch_size": 8, **options}),  # type: ignore[arg-type]
            fingerprint="these pictures",
            checkpoint=tmp_path / name,
            resume=tmp_path / resume if resume else None,
        )

    return make


def silent(_epoch: int, _figures: object) -> None:
    """Log nothing."""


class TestARung:
    def test_learns(self, job: Jobs) -> None:
        seen: list[float] = []

        result = fine_tune.train(job(), lambda _, figures: seen.append(figures["loss"]))

        assert seen[-1] < seen[0] / 2
        assert result.val_accuracy > 0.5
        assert result.weights.keys() == weights.pretrained().keys()

    def test_leaves_the_layers_below_the_tail_alone(self, job: Jobs, pretrained: weights.Folded) -> None:
        result = fine_tune.train(job(), silent)

        below, above = network.BLOCKS[network.TAIL - 1].convs[0].name, network.BLOCKS[network.TAIL].convs[0].name
        assert numpy.array_equal(result.weights[below][0], pretrained[below][0])
        assert not numpy.array_equal(result.weights[above][0], pretrained[above][0])

    def test_comes_to_the_same_when_repeated(self, job: Jobs) -> None:
        first, second = (fine_tune.train(job(name), silent) for name in ("a", "b"))

        assert numpy.allclose(first.weights["_fc"][0], second.weights["_fc"][0], atol=1e-6)

    def test_keeps_the_best_epoch_rather_than_the_last(self, job: Jobs) -> None:
        hurtful = {"initial_lr": 0.5, "lr_schedule_mode": "constant", "epochs": 5}

        best = fine_tune.train(job(**hurtful), silent)
        last = fine_tune.train(job(**hurtful, use_best_model=False), silent)

        assert last.epoch == 5
        assert best.val_loss <= last.val_loss

    def test_does_without_validation(self, job: Jobs) -> None:
        result = fine_tune.train(job(val=0), silent)

        assert math.isnan(result.val_loss)
        assert result.epoch == 4

    def test_stops_early_when_validation_gains_no_more(self, job: Jobs) -> None:
        seen: list[int] = []

        fine_tune.train(job(use_early_stopping=True, epochs=40, initial_lr=0.02), lambda epoch, _: seen.append(epoch))

        assert 3 < len(seen) < 40

    def test_ends_when_the_loss_is_no_number(self, job: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
        seen: list[int] = []

        with pytest.raises(BadInput, match=r"^initial_lr: 1e\+38 is too high: the loss was no number at once$"):
            fine_tune.train(job(initial_lr=1e38, epochs=10), lambda epoch, _: seen.append(epoch))

        assert seen == [1]
        assert "a lower initial_lr would help" in capsys.readouterr().out


class TestGoingOn:
    def test_ends_as_the_uninterrupted_rung_would_have(self, job: Jobs) -> None:
        class Cut(Exception):
            pass

        def cut(epoch: int, _figures: object) -> None:
            if epoch == 3:
                raise Cut

        whole = fine_tune.train(job("whole.pt"), silent)
        with pytest.raises(Cut):
            fine_tune.train(job("cut.pt"), cut)
        seen: list[int] = []
        resumed = fine_tune.train(job("resumed.pt", resume="cut.pt"), lambda epoch, _: seen.append(epoch))

        assert seen == [1, 2, 3, 4]
        assert numpy.allclose(whole.weights["_fc"][0], resumed.weights["_fc"][0], atol=1e-5)

    def test_of_a_finished_rung_trains_no_more(self, job: Jobs) -> None:
        first = fine_tune.train(job("done.pt"), silent)

        again = fine_tune.train(job("again.pt", resume="done.pt"), silent)

        assert numpy.array_equal(first.weights["_fc"][0], again.weights["_fc"][0])

    def test_does_not_happen_from_other_pictures(self, job: Jobs, capsys: pytest.CaptureFixture[str]) -> None:
        fine_tune.train(job("other.pt"), silent)
        mine = job("mine.pt", resume="other.pt")

        fine_tune.train(rungs.Job(**{**vars(mine), "fingerprint": "other pictures"}), silent)

        assert "not gone on from" in capsys.readouterr().out


class TestTheLearningRate:
    @pytest.mark.parametrize(
        ("schedule", "rates"),
        [
            ("constant", [1, 1, 1, 1, 1]),
            ("none", [1, 1, 1, 1, 1]),
            ("step", [1, 1, 1, 0.1, 0.1]),
            ("cosine", [1, 0.9045, 0.6545, 0.3455, 0.0955]),
        ],
    )
    def test_falls_as_asked(self, schedule: arguments.Schedule, rates: list[float]) -> None:
        options = arguments.Options(
            epochs=5, initial_lr=1.0, lr_schedule_mode=schedule, lr_step_decay=0.1, lr_step_schedule=(0.6, 0.9)
        )

        assert [fine_tune.rate(options, [1.0] * epoch) for epoch in range(5)] == pytest.approx(rates, abs=1e-3)

    @pytest.mark.parametrize(
        ("losses", "expected"),
        [
            ([], 0.01),
            ([1.0, 0.9, 0.8, 0.7], 0.01),
            ([1.0, 1.0, 1.0], 0.01),
            ([1.0, 1.0, 1.1, 0.99995], 0.001),
            ([1.0, 1.0, 1.0, 0.9, 1.0, 1.0], 0.01),
            ([1.0] * 7, 0.0001),
            ([1.0] * 40, 1e-6),
        ],
    )
    def test_falls_on_a_plateau_after_three_epochs_without_gain(self, losses: list[float], expected: float) -> None:
        options = arguments.Options(initial_lr=0.01, lr_schedule_mode="plateau")

        assert fine_tune.rate(options, losses) == pytest.approx(expected)

    def test_of_a_plateau_is_watched_on_validation(self, job: Jobs) -> None:
        seen: list[dict[str, float]] = []
        hurtful = {"initial_lr": 0.5, "epochs": 6, "lr_schedule_mode": "plateau", "lr_plateau_patience": 1}

        fine_tune.train(job(**hurtful), lambda _, figures: seen.append(figures))

        rates = [figures["learning_rate"] for figures in seen]
        options = job(**hurtful).options
        assert rates == [
            fine_tune.rate(options, [figures["val_loss"] for figures in seen[:epoch]]) for epoch in range(len(seen))
        ]
        assert rates[-1] < rates[0]
