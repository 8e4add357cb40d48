import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from pelagos import cli
from pelagos.cli import dispatch

Pelagos = Callable[..., Any]
WITHOUT = "import sys; sys.modules[{package!r}] = None; from pelagos import cli; sys.exit(cli.main({words!r}))"


def without(package: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command line as if a package were not installed."""
    code = WITHOUT.format(package=package, words=list(words))
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)


class TestHelp:
    @pytest.mark.parametrize("words", [[], ["--help"]])
    def test_lists_all_commands(self, pelagos: Pelagos, words: list[str]) -> None:
        ran = pelagos(*words)

        assert ran.code == 0
        assert [name for name in dispatch.COMMANDS if f"\n  {name} " not in ran.out] == []

    @pytest.mark.parametrize("name", dispatch.COMMANDS)
    def test_of_each_command_says_what_it_does(self, pelagos: Pelagos, name: str) -> None:
        ran = pelagos(name, "--help")

        assert ran.code == 0
        assert f"usage: pelagos {name}" in ran.out
        assert "--state-dir" in ran.out

    @pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["jobs", "--help"], ["run", "--help"]])
    def test_needs_no_extra(self, words: list[str]) -> None:
        assert without("sqlalchemy", *words).returncode == 0

    def test_loads_no_room(self) -> None:
        code = "import sys; from pelagos import cli; cli.main(['--help']); print(list(sys.modules))"

        shown = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
        ).stdout

        loaded = shown.splitlines()[-1]
        assert "pelagos.cli.dispatch" in loaded
        assert not any(f"pelagos.{room}" in loaded for room in ("environments", "jobs", "runtime", "config"))


class TestVersion:
    def test_is_printed(self, pelagos: Pelagos) -> None:
        assert pelagos("--version").out == "pelagos 0.1.0\n"


class TestUnknownCommand:
    def test_gets_the_nearest(self, pelagos: Pelagos) -> None:
        ran = pelagos("instal", "x")

        assert ran.code == 2
        assert "did you mean 'pelagos install'?" in ran.err


class TestSharedOptions:
    @pytest.mark.parametrize("words", [("--state-dir", "{}", "settings"), ("settings", "--state-dir", "{}")])
    def test_may_stand_before_and_behind_the_command(
        self, pelagos: Pelagos, tmp_path: Any, words: tuple[str, ...]
    ) -> None:
        ran = pelagos(*(word.format(tmp_path / "there") for word in words), "--json")

        assert ran.json[0]["value"] == str(tmp_path / "there")
        assert ran.json[0]["from"] == "--state-dir"


class TestError:
    def test_shows_message_and_hint_and_no_traceback(self, pelagos: Pelagos) -> None:
        ran = pelagos("describe", "countin")

        assert ran.code == 1
        assert ran.err.splitlines()[0] == "pelagos: error: there is no module 'countin'"
        assert "Did you mean counting?" in ran.err
        assert "Traceback" not in ran.err

    def test_lists_every_fault_of_what_was_typed(self, pelagos: Pelagos, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_JOBS_SLOTS", "none")
        monkeypatch.setenv("PELAGOS_RUNTIME_WARM", "perhaps")

        ran = pelagos("settings")

        assert ran.code == 2
        assert "  PELAGOS_JOBS_SLOTS: 'none' is not valid; expected a whole number" in ran.err
        assert "  PELAGOS_RUNTIME_WARM: 'perhaps' is not valid; expected true or false" in ran.err

    def test_shows_the_traceback_when_asked(self, state: Any) -> None:
        command = [sys.executable, "-m", "pelagos.cli", "describe", "countin"]
        variables = {**os.environ, "PELAGOS_DEBUG": "1"}

        ran = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)

        assert "Traceback" in ran.stderr

    @pytest.mark.parametrize("words", [["jobs", "list"], ["train", "counting"], ["run", "counting"]])
    def test_says_which_extra_is_missing(self, state: Any, words: list[str]) -> None:
        ran = without("sqlalchemy", *words)

        assert ran.returncode == 1
        assert "needs the package 'sqlalchemy'" in ran.stderr
        assert "pip install 'pelagos[serve]'" in ran.stderr

    def test_is_silent_when_nobody_reads_on(self, state: Any) -> None:
        command = f"{sys.executable} -m pelagos.cli settings | true"

        ran = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)

        assert ran.stderr == ""


class TestParses:
    @pytest.mark.parametrize(
        "words",
        [
            ["jobs", "logs", "-f", "0f3c"],
            ["predict", "anything", "photo.jpg", "--model", "0f3c", "--json", "--of-the-module", "1"],
            ["train", "anything", "--dataset", "there", "--epochs", "5"],
            ["run", "anything", "--nowarm", "--listen-port", "0", "--nopredict-endpoint"],
            ["--state-dir", "x", "modules"],
        ],
    )
    def test_is_true_for_what_is_understood(self, words: list[str]) -> None:
        assert cli.parses(words)

    @pytest.mark.parametrize("words", [["nothing"], ["jobs"], ["jobs", "list", "--colour"], ["install"]])
    def test_is_false_for_the_rest(self, words: list[str]) -> None:
        assert not cli.parses(words)
