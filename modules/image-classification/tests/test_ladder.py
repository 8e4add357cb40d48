"""What the rungs leave behind."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pelagos.module import Training

from builders import stripes
from pelagos_image_classification import arguments, dataset, ladder, material, stages


def climbing(run: Training, folder: Path, **options: object) -> ladder.Ladder:
    asked = arguments.Options(**{"image_size": 64, "epochs": 2, **options})  # type: ignore[arg-type]
    ready = material.prepare(dataset.read(folder), asked, run.cache, lambda *_: None)
    return ladder.Ladder(run, ready, stages.Stages(run, {ladder.LOOK: 1, ladder.HEAD: 1}))


class TestTheFirstRung:
    def test_gives_a_head_and_how_it_did(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        rung = climbing(new_run(), stripes(tmp_path / "data")).first(tail=False)

        assert (rung.number, rung.val_accuracy, rung.calibrated) == (1, 1.0, True)
        assert rung.head.weight.shape == (2, 1280)
        assert rung.weights.keys() == {"_fc"}


class TestFurtherRungs:
    def test_count_their_epochs_on(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        pytest.importorskip("torch", reason="torch is an extra")
        run = new_run()
        steps = climbing(run, stripes(tmp_path / "data"))

        second = steps.further(2, steps.first(tail=True))

        assert second.number == 2
        assert [(line["epoch"], line["rung"]) for line in steps.history] == [(1, 1), (2, 1), (3, 2), (4, 2)]
        assert json.loads((run.folder / "metrics.jsonl").read_text().splitlines()[-1])["step"] == 4
        assert (run.model / ladder.CHECKPOINTS / "rung-2.pt").is_file()
