import datetime
import io
from pathlib import Path

import rich.console

from pelagos import jobs
from pelagos.cli import live_view
from pelagos.domain import records, resources, states


def drawn(view: live_view.LiveView) -> str:
    console = rich.console.Console(file=io.StringIO(), width=100)
    console.print(view.picture())
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


class TestLiveView:
    def test_shows_progress_metrics_and_the_end_of_the_log(self, tmp_path: Path) -> None:
        time = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        state = states.State.RUNNING
        job = records.Job("0" * 32, records.Kind.TRAINING, "a", {}, resources.Resources(), "local", time, state=state)
        (tmp_path / "progress.json").write_text('{"fraction": 0.5, "message": "half of it", "time": 1}')
        (tmp_path / "log").write_text("".join(f"line {number}\n" for number in range(20)))
        view = live_view.LiveView()

        view.show(job, jobs.RunFolder(tmp_path), [{"step": step, "loss": 1 / step} for step in range(1, 20)])

        text = drawn(view)
        assert "half of it" in text
        assert "50%" in text
        assert "0.05263" in text
        assert "line 19" in text
        assert "line 11" not in text
