"""Tests of pelagos.cli.deepaas_cli with a Python that only tells how it was called; real calls are in tests/deepaas."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pelagos.environments import records

Run = Callable[..., list[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command line where two modules are installed; gives the words for the module's Python and what follows."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\nshift 2\nfor word in "$@"; do echo "$word"; done\n')
    python.chmod(0o755)
    for name in ("rose", "daisy"):
        records.write(tmp_path / "state" / "modules", records.Installed(name, "deepaas", f"{name}.api", python))

    def told(*words: str, **variables: str) -> list[str]:
        own = {"PELAGOS_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "DEEPAAS_V2_MODEL": ""}
        done = subprocess.run(
            [sys.executable, "-m", "pelagos.cli.deepaas_cli", *words],
            env={**os.environ, **own, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        return (done.stdout or done.stderr).splitlines()

    return told


class TestWords:
    def test_go_to_the_module_that_is_named(self, run: Run) -> None:
        assert run("predict", "--a", "1", DEEPAAS_V2_MODEL="rose") == ["rose", "rose.api", "predict", "--a", "1"]
        assert run("--model-name", "daisy", "warm", DEEPAAS_V2_MODEL="rose") == ["daisy", "daisy.api", "warm"]

    def test_behind_the_functions_name_are_the_modules(self, run: Run) -> None:
        words = ["predict", "--model-name", "x", "--config-file", "y", "--debug", "--help"]

        assert run(*words, DEEPAAS_V2_MODEL="rose")[2:] == words

    def test_in_front_keep_their_order(self, run: Run) -> None:
        words = ["--nodeepaas_with_multiprocessing", "--deepaas_method_output=a.json", "train", "--x", "1"]

        found = run(*words, DEEPAAS_V2_MODEL="rose")[2:]

        assert found == ["--nodeepaas_with_multiprocessing", "--deepaas_method_output", "a.json", "train", "--x", "1"]

    def test_ask_for_a_module_where_there_are_several(self, run: Run) -> None:
        assert "daisy, rose" in "".join(run("predict"))


class TestConfiguration:
    def test_is_an_ini_file_as_deepaas_has_it(self, run: Run, tmp_path: Path) -> None:
        file = tmp_path / "own.conf"
        file.write_text("[DEFAULT]\nmodel_name = daisy\ndeepaas_method_output = out.json\n")

        found = run("--config-file", str(file), "--debug", "predict")

        assert found == ["daisy", "daisy.api", "--deepaas_method_output", "out.json", "predict"]

    def test_gives_way_to_the_modules_variable(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "deepaas.conf").write_text("[DEFAULT]\nmodel_name = daisy\n")

        assert run("warm", DEEPAAS_V2_MODEL="rose")[0] == "rose"
        assert run("warm")[0] == "daisy"

    def test_sends_the_log_to_a_file(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "python").write_text("#!/bin/sh\necho told >&2; echo result\n")

        found = run("--log-file", str(tmp_path / "own.log"), "warm", DEEPAAS_V2_MODEL="rose")

        assert (found, (tmp_path / "own.log").read_text()) == (["result"], "told\n")
