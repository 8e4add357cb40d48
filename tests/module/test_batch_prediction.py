"""Batch predictions: what they look for, what they write and what they take over."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pelagos.module import batch_prediction, files

MODULE = """
from pelagos.module import BadInput, File, Folder, Module


class Sizes(Module):
    def load(self, model):
        self.name = "pretrained" if model is None else model.path.name

    def predict(self, file: File, factor: int = 1):
        if file.name.startswith("bad"):
            raise BadInput("not this one", field="file")
        if file.name.startswith("stream"):
            return (part for part in (1, 2))
        return {"size": file.size * factor, "model": self.name}
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A spec that predicts with a small module for what is in `inputs`."""
    (tmp_path / "batch_sizes.py").write_text(MODULE)
    (tmp_path / "inputs").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "batch_sizes", raising=False)
    return {
        "id": "0" * 32,
        "module": {"name": "sizes", "kind": "native", "entry": "batch_sizes:Sizes"},
        "arguments": {"file": {"$each": str(tmp_path / "inputs")}, "factor": 2},
        "cache": str(tmp_path / "cache"),
        "resume": None,
    }


def received(value: Any) -> Any:
    """Give a folder as the task does."""
    return files.Folder(value["$folder"]) if isinstance(value, dict) and "$folder" in value else value


def run(spec: dict[str, Any], folder: Path) -> dict[str, Any]:
    batch_prediction.run(spec, folder, received)
    result: dict[str, Any] = json.loads((folder / "result.json").read_bytes())
    return result


class TestRun:
    def test_writes_the_bare_answer_of_each_file(self, spec: dict[str, Any], tmp_path: Path) -> None:
        (tmp_path / "inputs" / "a.txt").write_text("12345")
        (tmp_path / "inputs" / "stream.txt").write_text("")
        spec["arguments"]["model"] = {"$folder": "/models/mine"}

        result = run(spec, tmp_path / "run")

        outputs = tmp_path / "run" / "outputs"
        assert (result["done"], result["failed"], result["skipped"]) == (2, 0, 0)
        assert json.loads((outputs / "a.txt.json").read_bytes()) == {"size": 10, "model": "mine"}
        assert json.loads((outputs / "stream.txt.json").read_bytes()) == [1, 2]

    def test_goes_on_after_a_bad_file_and_names_it(self, spec: dict[str, Any], tmp_path: Path) -> None:
        for name in ("a", "bad", "c"):
            (tmp_path / "inputs" / name).write_text(name)

        result = run(spec, tmp_path / "run")

        assert (result["done"], result["failed"]) == (2, 1)
        noted = json.loads((tmp_path / "run" / "outputs" / batch_prediction.ERRORS_FILE).read_text())
        assert noted == {"input": "bad", "message": "file: not this one"}

    def test_takes_over_what_was_answered_before(self, spec: dict[str, Any], tmp_path: Path) -> None:
        before = tmp_path / "before" / "deep"
        before.mkdir(parents=True)
        (before / "a.tar.gz.json").write_text('"old"')
        (before / ".b.json.tmp").write_text('"half"')
        (tmp_path / "inputs" / "deep").mkdir()
        (tmp_path / "inputs" / "deep" / "a.tar.gz").write_text("x")
        (tmp_path / "inputs" / "deep" / "a.tar").write_text("x")

        result = run({**spec, "resume": str(tmp_path / "before")}, tmp_path / "run")

        assert (result["done"], result["skipped"]) == (1, 1)
        assert (tmp_path / "run" / "outputs" / "deep" / "a.tar.gz.json").read_text() == '"old"'

    def test_has_nothing_to_do_in_an_empty_folder(self, spec: dict[str, Any], tmp_path: Path) -> None:
        assert run(spec, tmp_path / "run")["done"] == 0

    def test_misses_a_folder_that_is_not_there(self, spec: dict[str, Any], tmp_path: Path) -> None:
        (tmp_path / "inputs").rmdir()

        with pytest.raises(FileNotFoundError, match="There is no folder"):
            run(spec, tmp_path / "run")
