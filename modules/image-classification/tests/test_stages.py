"""Telling where a training is."""

import json
from collections.abc import Callable

import pytest
from pelagos.module import Training

from pelagos_image_classification import stages


class TestStages:
    def test_move_the_progress_on_by_their_shares(self, new_run: Callable[..., Training]) -> None:
        run = new_run()
        phases, told = stages.Stages(run, {"first": 1, "second": 3}), []

        for name in ("first", "second"):
            with phases.stage(name) as watch:
                watch(1, 2)
                told.append(json.loads((run.folder / "progress.json").read_text())["fraction"])

        assert told == [0.125, 0.625]
        assert json.loads((run.folder / "progress.json").read_text())["fraction"] == 1.0
        assert phases.timings.keys() == {"first", "second"}

    def test_stop_when_asked_to(self, new_run: Callable[..., Training]) -> None:
        run = new_run()
        (run.folder / "cancel").touch()

        with (
            pytest.raises(stages.Cancelled, match=r"^cancelled during: first$"),
            stages.Stages(run, {"first": 1}).stage("first"),
        ):
            pytest.fail("it went on")
