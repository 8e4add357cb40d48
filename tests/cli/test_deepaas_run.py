"""Tests of pelagos.cli.deepaas_run."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelagos.cli import deepaas_run, dispatch
from pelagos.domain import errors


def translated(*words: str, model: str = "") -> list[str]:
    return deepaas_run.translated(words, {"DEEPAAS_V2_MODEL": model})


class TestTranslated:
    def test_gives_the_options_of_pelagos_run(self) -> None:
        words = translated("--listen-ip", "0.0.0.0", "--listen-port=5001", "--nowarm", "--debug-endpoint", "-p", "2")

        assert words == [
            "--listen-ip", "0.0.0.0", "--listen-port", "5001", "--workers", "2", "--client-max-size", "0",
            "--nowarm", "--debug-endpoint",
        ]  # fmt: skip
        assert dispatch.parses(["run", *words])

    def test_sets_no_limit_to_requests_unless_one_is_given(self) -> None:
        assert translated() == ["--client-max-size", "0"]
        assert translated("--client-max-size", "10") == ["--client-max-size", "10"]

    def test_takes_the_module_of_the_environment_unless_one_is_given(self) -> None:
        assert translated(model="rose") == ["--model-name", "rose", "--client-max-size", "0"]
        assert "daisy" in translated("--model-name", "daisy", model="rose")
        assert "rose" not in translated("--model-name", "daisy", model="rose")

    def test_reads_configuration_files_below_the_options(self, tmp_path: Path) -> None:
        file = tmp_path / "deepaas.conf"
        file.write_text("[DEFAULT]\nlisten_port = 7000\nwarm = false\nworkers = 3\nunknown = 1\n")

        words = translated("--config-file", str(file), "--workers", "4")

        assert words == ["--listen-port", "7000", "--workers", "4", "--client-max-size", "0", "--nowarm"]

    def test_names_a_configuration_file_that_is_not_there(self) -> None:
        with pytest.raises(errors.InvalidInput, match="no-such-file"):
            translated("--config-file", "no-such-file")

    def test_refuses_a_base_path_without_a_slash(self) -> None:
        with pytest.raises(errors.InvalidInput, match="should start with a '/'"):
            translated("--base-path", "base")

    def test_accepts_debugging_without_a_word(self) -> None:
        assert translated("--debug") == translated()
