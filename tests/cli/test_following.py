import datetime
from pathlib import Path
from typing import Any

import pytest

from pelagos import jobs
from pelagos.cli import following
from pelagos.domain import records, resources, states


def job(state: states.State) -> records.Job:
    time = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return records.Job("0" * 32, records.Kind.TRAINING, "a", {}, resources.Resources(), "local", time, state=state)


class TestNumbers:
    @pytest.mark.parametrize(
        ("row", "text"),
        [
            ({"step": 3, "time": 1.0, "loss": 1 / 3, "accuracy": 0.75}, "step 3  loss 0.3333  accuracy 0.75"),
            ({"step": 1, "time": 1.0, "loss": None}, "step 1  loss -"),
        ],
    )
    def test_are_one_line_a_step(self, row: dict[str, Any], text: str) -> None:
        assert following.numbers(row) == text


class TestLines:
    def test_tell_every_state_once_and_every_step(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        view, folder = following.Lines(), jobs.RunFolder(tmp_path)

        view.show(job(states.State.QUEUED), folder, [])
        view.show(job(states.State.RUNNING), folder, [{"step": 1, "loss": 0.5}])
        view.show(job(states.State.RUNNING), folder, [{"step": 2, "loss": 0.25}])
        view.show(job(states.State.DONE), folder, [])

        assert capsys.readouterr().err.split("\n") == [
            "  queued",
            "  running",
            "  step 1  loss 0.5",
            "  step 2  loss 0.25",
            "",
        ]


class TestView:
    @pytest.mark.parametrize("quiet", [True, False])
    def test_takes_no_terminal_where_there_is_none(
        self, quiet: bool, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        with following.view(quiet=quiet) as view:
            view.show(job(states.State.RUNNING), jobs.RunFolder(tmp_path), [])

        assert capsys.readouterr().err == ("" if quiet else "  running\n")
