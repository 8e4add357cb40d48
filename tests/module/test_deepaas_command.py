"""Tests of pelagos.module.deepaas_command; what it does beside DEEPaaS's own is asked in tests/deepaas."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields, validate

from pelagos.module import deepaas_uploads
from pelagos.module.adapter import Refused
from pelagos.module.deepaas_command import Command
from pelagos.module.deepaas_functions import Functions


class Model:
    """Takes arguments of several kinds."""

    warmed = False

    def get_metadata(self) -> dict[str, str]:
        return {"name": "model"}

    def get_predict_args(self) -> dict[str, Any]:
        return {
            "number": fields.Int(load_default=1, validate=validate.Range(max=5), metadata={"description": "100% sure"}),
            "a-list": fields.List(fields.Int()),
            "data": fields.Raw(metadata={"type": "file"}),
            "picture": fields.Raw(metadata={"location": "files"}),
            "accept": fields.Str(
                load_default="text/csv", validate=validate.OneOf(["application/json", "text/csv", "image/png"])
            ),
        }

    def warm(self) -> None:
        self.warmed = True

    def predict(self, accept: str, data: Any = None, picture: Any = None, **others: Any) -> Any:
        content, data = None, data or picture
        if data is not None:
            content = Path(data.filename).read_text()
            Path(data.filename).unlink()
        told = {**others, "content": content, "warmed": self.warmed}
        return told if accept == "application/json" else io.BytesIO(b"a,b")


TRAINS = """
import os, shutil, subprocess, sys

def train(**arguments):
    fuser = shutil.which("fuser")
    return {"port": os.environ["monitorPORT"], "killed": subprocess.check_output([fuser, "-k", "6006/tcp"]).decode()}
"""


def ended(code: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, for a module with this code."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "some_module.py").write_text(code)
        path = os.pathsep.join([folder, *sys.path])
        return subprocess.run(
            [sys.executable, "-m", "pelagos.module.deepaas_command", "some", "some_module", *words],
            env={**os.environ, "PYTHONPATH": path, **variables},
            capture_output=True,
            text=True,
            check=False,
        )


def run(*words: str) -> bytes:
    deepaas_uploads.offer_shim()
    results = io.BytesIO()
    assert Command(Functions(Model(), "model"), results).run(words) == 0
    return results.getvalue()


def predict(*words: str) -> Any:
    return json.loads(run("predict", "--accept", "application/json", *words))


class TestCommand:
    def test_writes_metadata_when_no_function_is_named(self) -> None:
        assert json.loads(run()) == {"name": "model"}

    def test_warms_the_module_and_gives_it_defaults(self) -> None:
        assert predict() == {"number": 1, "content": None, "warmed": True}

    @pytest.mark.parametrize("text", ["[1, 2]", "(1, 2)"])
    def test_reads_lists_as_python_writes_them(self, text: str) -> None:
        assert predict("--a-list", text)["a-list"] == [1, 2]

    @pytest.mark.parametrize("name", ["data", "picture"])
    def test_gives_the_module_a_copy_of_a_file(self, tmp_path: Path, name: str) -> None:
        photo = tmp_path / "photo.txt"
        photo.write_text("a photo")

        assert predict(f"--{name}", str(photo))["content"] == "a photo"
        assert photo.exists()

    def test_names_a_file_that_is_not_there(self) -> None:
        with pytest.raises(Refused, match=r"there is no file 'nowhere\.png'"):
            predict("--data", "nowhere.png")

    def test_runs_the_validators(self) -> None:
        with pytest.raises(Refused, match="less than or equal to 5"):
            predict("--number", "6")

    def test_uses_the_modules_own_default_of_accept(self) -> None:
        assert run("predict") == b"a,b"

    @pytest.mark.parametrize(("asked", "written"), [("out.csv", "out.csv"), ("out.txt", "out.txt.csv")])
    def test_writes_to_a_file_that_has_the_suffix_of_its_kind(self, tmp_path: Path, asked: str, written: str) -> None:
        run("--deepaas_method_output", str(tmp_path / "new" / asked), "predict")

        assert (tmp_path / "new" / written).read_bytes() == b"a,b"

    @pytest.mark.parametrize("asked", ["*/*", "image/*;q=0.1, application/json"])
    def test_negotiates_the_kind_of_the_answer(self, asked: str) -> None:
        assert json.loads(run("predict", "--accept", asked))["warmed"]

    def test_says_that_the_module_lacks_a_function(self) -> None:
        with pytest.raises(Refused, match="no function 'train'"):
            run("train")

    def test_does_not_know_other_options(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            run("predict", "--nothing", "1")

        assert ended.value.code == 2
        assert "--nothing" in capsys.readouterr().err

    def test_shows_help_with_descriptions_and_defaults(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            run("predict", "--help")

        assert "100% sure" in capsys.readouterr().out


class TestExitCode:
    @pytest.mark.parametrize(
        ("code", "words", "expected"),
        [
            ("def predict(): return 1", ["predict"], 0),
            ("def predict(): return 1", ["--help"], 0),
            ("def predict(): return 1", ["predict", "--nothing", "1"], 2),
            ("import sys\ndef predict(): sys.exit(0)", ["predict"], 1),
            ("import sys\ndef predict(): sys.exit(3)", ["predict"], 1),
            ("import sys\ndef get_predict_args(): sys.exit(3)", ["predict"], 1),
            ("import sys\nsys.exit(2)", ["predict"], 1),
        ],
    )
    def test_is_ours_whatever_the_module_does(self, code: str, words: list[str], expected: int) -> None:
        done = ended(code, *words)

        assert done.returncode == expected
        assert ("the module ended its own process: sys.exit(" in done.stderr) == (expected == 1)


class TestPieces:
    """What a generator gives."""

    code = "def predict():\n    yield {'a': 1}\n    yield 2\n    if {fails}: raise ValueError('no third')\n"

    def test_are_lines_of_json(self) -> None:
        done = ended(self.code.replace("{fails}", "False"), "predict")

        assert (done.returncode, done.stdout) == (0, '{"a": 1}\n2\n')

    def test_go_to_a_file_too(self, tmp_path: Path) -> None:
        ended(self.code.replace("{fails}", "False"), "--deepaas_method_output", str(tmp_path / "a.json"), "predict")

        assert (tmp_path / "a.json").read_text() == '{"a": 1}\n2\n'

    def test_are_there_before_one_fails(self) -> None:
        done = ended(self.code.replace("{fails}", "True"), "predict")

        assert (done.returncode, done.stdout) == (1, '{"a": 1}\n2\n')
        assert "ValueError: no third" in done.stderr

    def test_of_bytes_are_written_as_they_are(self) -> None:
        accept = "from marshmallow import fields, validate\n"
        accept += "def get_predict_args(): return {'accept': fields.Str(validate=validate.OneOf(['text/csv']))}\n"
        accept += "def predict(accept):\n    yield 'a,'\n    yield b'b'\n"

        assert ended(accept, "predict").stdout == "a,b"


class TestTrain:
    """In a batch script it is not alone on the machine."""

    def test_has_a_port_of_its_own_for_the_monitor_and_tells_it(self) -> None:
        done = ended(TRAINS, "train", monitorPORT="")

        port = json.loads(done.stdout)["result"]["output"]["port"]
        assert 1024 < int(port) < 65536
        assert f"monitorPORT is {port}\n" in done.stderr

    def test_keeps_the_port_that_its_caller_chose(self) -> None:
        assert json.loads(ended(TRAINS, "train", monitorPORT="6007").stdout)["result"]["output"]["port"] == "6007"

    def test_has_a_fuser_that_ends_nothing_of_others(self, tmp_path: Path) -> None:
        deadly = tmp_path / "fuser"
        deadly.write_text("#!/bin/sh\necho killed\n")
        deadly.chmod(0o755)

        done = ended(TRAINS, "train", PATH=f"{tmp_path}:{os.environ['PATH']}")

        assert json.loads(done.stdout)["result"]["output"]["killed"] == ""
