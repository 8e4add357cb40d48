"""Tests of pelagos.cli.deepaas_run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pelagos.cli import deepaas_run, dispatch
from pelagos.domain import errors


def translated(*words: str, model: str = "", **variables: str) -> list[str]:
    return deepaas_run.flags(deepaas_run.options(words, {"DEEPAAS_V2_MODEL": model, **variables}))


class TestFlags:
    def test_are_the_options_of_pelagos_run(self) -> None:
        words = translated("--listen-ip", "0.0.0.0", "--listen-port=5001", "--nowarm", "--debug-endpoint", "-p", "2")

        assert words == [
            "--listen-ip", "0.0.0.0", "--listen-port", "5001", "--workers", "2", "--client-max-size", "0",
            "--nowarm", "--debug-endpoint",
        ]  # fmt: skip
        assert dispatch.parses(["run", *words])

    def test_set_no_limit_to_requests_unless_one_is_given(self) -> None:
        assert translated() == ["--client-max-size", "0"]
        assert translated("--client-max-size", "10") == ["--client-max-size", "10"]

    def test_take_the_module_of_the_environment_unless_one_is_given(self) -> None:
        assert translated(model="rose") == ["--model-name", "rose", "--client-max-size", "0"]
        assert "daisy" in translated("--model-name", "daisy", model="rose")
        assert "rose" not in translated("--model-name", "daisy", model="rose")

    def test_come_from_configuration_files_below_the_options(self, tmp_path: Path) -> None:
        file = tmp_path / "deepaas.conf"
        file.write_text("[DEFAULT]\nlisten_port = 7000\nwarm = false\nworkers = 3\nunknown = 1\n")

        words = translated("--config-file", str(file), "--workers", "4")

        assert words == ["--listen-port", "7000", "--workers", "4", "--client-max-size", "0", "--nowarm"]

    def test_name_a_configuration_file_that_is_not_there(self) -> None:
        with pytest.raises(errors.InvalidInput, match="no-such-file"):
            translated("--config-file", "no-such-file")

    def test_refuse_a_base_path_without_a_slash(self) -> None:
        with pytest.raises(errors.InvalidInput, match="should start with a '/'"):
            translated("--base-path", "base")

    def test_come_from_variables_between_options_and_files(self, tmp_path: Path) -> None:
        file = tmp_path / "deepaas.conf"
        file.write_text("[DEFAULT]\nlisten_port = 7000\nworkers = 3\nwarm = yes\n")
        variables = {"OS_DEFAULT__LISTEN_PORT": "7300", "OS_DEFAULT__WORKERS": "5", "OS_DEFAULT__WARM": "off"}

        words = translated("--config-file", str(file), "--workers", "9", **variables)

        assert words == ["--listen-port", "7300", "--workers", "9", "--client-max-size", "0", "--nowarm"]

    def test_take_the_modules_variable_last(self) -> None:
        assert "rose" in translated(model="daisy", OS_DEFAULT__MODEL_NAME="rose")

    def test_leave_out_what_is_empty(self) -> None:
        assert translated(OS_DEFAULT__LISTEN_PORT="", OS_DEFAULT__WARM="") == translated()

    def test_refuse_a_switch_that_is_neither_on_nor_off(self) -> None:
        with pytest.raises(errors.InvalidInput, match="'maybe' is neither true nor false"):
            translated(OS_DEFAULT__WARM="maybe")

    def test_can_be_abbreviated(self) -> None:
        assert "rose" in translated("--model", "rose")

    @pytest.mark.parametrize(
        "words",
        [
            ["--debug"], ["-d"], ["--nodebug"], ["--use-json"], ["--nouse-journal"], ["--use-syslog"],
            ["--watch-log-file"], ["--log-config-append", "x"], ["--log_config=x"], ["--log-date-format", "%H"],
            ["--syslog-log-facility", "user"], ["--logfile", "x"], ["--log-dir", "x"],
        ],
    )  # fmt: skip
    def test_have_no_word_about_the_log(self, words: list[str]) -> None:
        assert translated(*words) == translated()

    def test_tell_the_release_of_the_contract(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            translated("--version")

        assert (ended.value.code, capsys.readouterr().out) == (0, "2.6.0\n")


class TestMain:
    def test_writes_to_the_log_that_was_asked_for(self, tmp_path: Path) -> None:
        log = tmp_path / "served.log"
        command = [sys.executable, "-m", "pelagos.cli.deepaas_run", "--log-dir", str(tmp_path), "--log-file", log.name]
        variables = {**os.environ, "PELAGOS_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}

        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr) == (1, "")
        assert "there is no DEEPaaS module" in log.read_text()
