"""What an author's `train` is given."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pelagos.module import training


def made(folder: Path) -> training.Training:
    """A training in an empty folder."""
    return training.Training(folder / "run", id="1" * 32, cache=folder / "cache")


class TestFolders:
    def test_are_there_from_the_beginning(self, tmp_path: Path) -> None:
        run = made(tmp_path)

        assert run.model.is_dir()
        assert run.outputs.is_dir()
        assert run.cache.is_dir()


class TestLog:
    def test_appends_one_line_a_step(self, tmp_path: Path) -> None:
        run = made(tmp_path)

        run.log(0, loss=1.0)
        run.log(1, loss=0.5, accuracy=1)

        rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
        assert [row["step"] for row in rows] == [0, 1]
        assert rows[1]["loss"] == 0.5
        assert rows[1]["accuracy"] == 1.0
        assert rows[0]["time"] <= rows[1]["time"]

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
    def test_writes_what_is_no_number_to_json_as_null(self, tmp_path: Path, value: float) -> None:
        run = made(tmp_path)

        run.log(0, loss=value)

        assert json.loads((run.folder / "metrics.jsonl").read_text())["loss"] is None

    def test_refuses_what_is_no_number_and_names_it(self, tmp_path: Path) -> None:
        run = made(tmp_path)

        with pytest.raises(TypeError, match="metric 'loss' is no number: 'high'"):
            run.log(0, loss="high")  # type: ignore[arg-type]

        assert not (run.folder / "metrics.jsonl").exists()

    def test_writes_event_files_too(self, tmp_path: Path) -> None:
        run = made(tmp_path)

        run.log(0, loss=1.0)
        run.log(1, loss=0.5)

        (events,) = (run.folder / "tensorboard").iterdir()
        assert events.name.startswith("events.out.tfevents.")
        assert events.read_bytes().count(b"loss") == 2

    def test_writes_no_event_files_when_the_module_wants_none(self, tmp_path: Path) -> None:
        run = made(tmp_path)
        run.tensorboard = False

        run.log(0, loss=1.0)

        assert not (run.folder / "tensorboard").exists()


class TestProgress:
    @pytest.mark.parametrize(("told", "kept"), [(0.5, 0.5), (-1, 0.0), (2, 1.0)])
    def test_is_kept_between_nothing_and_all(self, tmp_path: Path, told: float, kept: float) -> None:
        run = made(tmp_path)

        run.progress(told, "reading")

        state = json.loads((run.folder / "progress.json").read_text())
        assert (state["fraction"], state["message"]) == (kept, "reading")


class TestCancelled:
    def test_is_false_until_somebody_asks(self, tmp_path: Path) -> None:
        run = made(tmp_path)

        before = run.cancelled
        (run.folder / "cancel").touch()

        assert (before, run.cancelled) == (False, True)

    def test_remembers_that_the_module_looked_and_saw(self, tmp_path: Path) -> None:
        run = made(tmp_path)
        unseen = (run.watched, run.stopping)

        (run.folder / "cancel").touch()
        assert run.cancelled

        assert unseen == (False, False)
        assert (run.watched, run.stopping) == (True, True)


class TestSave:
    def test_copies_a_file_into_the_model(self, tmp_path: Path) -> None:
        run = made(tmp_path)
        (tmp_path / "weights.bin").write_bytes(b"1")

        where = run.save(tmp_path / "weights.bin", "best.bin")

        assert where == run.model / "best.bin"
        assert where.read_bytes() == b"1"

    def test_copies_a_folder_into_the_model_again_and_again(self, tmp_path: Path) -> None:
        run = made(tmp_path)
        (tmp_path / "export").mkdir()
        (tmp_path / "export" / "a").write_text("old")
        run.save(tmp_path / "export")
        (tmp_path / "export" / "a").write_text("new")

        where = run.save(tmp_path / "export")

        assert (where / "a").read_text() == "new"
