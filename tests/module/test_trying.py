"""Examples are answered one by one, whatever kind of module it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pelagos.module import trying

NATIVE = """
from pelagos.module import File, Module


class Streams(Module):
    def predict(self, files: list[File], number: int = 1):
        for file in files:
            yield {"name": file.name, "number": number}
"""
DEEPAAS = """
from marshmallow import fields


def get_metadata():
    return {"summary": "Says what it was given."}


def get_predict_args():
    return {
        "data": fields.Raw(required=True, metadata={"type": "file", "location": "form"}),
        "times": fields.Int(load_default=1),
    }


def predict(data, times):
    with open(data.filename) as opened:
        return {"text": opened.read() * times, "name": data.original_filename}
"""


def answered(folder: Path, kind: str, entry: str, *inputs: dict[str, Any]) -> list[Any]:
    asked, answers = folder / "asked.json", folder / "answered.jsonl"
    asked.write_text(json.dumps({"folder": str(folder), "inputs": inputs}))
    trying.main(["tried", kind, entry, str(asked), str(answers)])
    return [json.loads(line) for line in answers.read_text().splitlines()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path with both modules and a file."""
    (tmp_path / "tried_native.py").write_text(NATIVE)
    (tmp_path / "tried_deepaas.py").write_text(DEEPAAS)
    (tmp_path / "a.txt").write_text("hi")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("tried_native", "tried_deepaas"):
        sys.modules.pop(name, None)


class TestMain:
    def test_gathers_what_a_native_module_streams(self, folder: Path) -> None:
        (told,) = answered(folder, "native", "tried_native:Streams", {"files": ["a.txt", "a.txt"], "number": 2})

        assert told["answer"] == [{"name": "a.txt", "number": 2}] * 2

    def test_says_what_went_wrong_with_each(self, folder: Path) -> None:
        told = answered(folder, "native", "tried_native:Streams", {"files": ["no.txt"]}, {"files": ["../x"]})

        assert told[0]["error"].startswith("FileNotFoundError: ")
        assert "is not in the module's folder" in told[1]["error"]

    def test_hands_files_to_a_deepaas_module_as_deepaas_does(self, folder: Path) -> None:
        told = answered(folder, "deepaas", "tried_deepaas", {"data": "a.txt", "times": 2}, {"times": "many"})

        assert told[0]["answer"] == {"text": "hihi", "name": "a.txt"}
        assert "times" in told[1]["error"]
