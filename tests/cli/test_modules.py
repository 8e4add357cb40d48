from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Terminal

Pelagos = Callable[..., Any]
TRIVIAL = Path(__file__).parents[1] / "modules_for_tests" / "trivial"
pytestmark = pytest.mark.heavy


@pytest.fixture
def elsewhere(tmp_path: Path) -> list[str]:
    """Options for a state folder in which nothing is installed."""
    return ["--state-dir", str(tmp_path / "elsewhere")]


class TestInstall:
    def test_makes_a_module_ready(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        ran = pelagos("install", str(TRIVIAL), *elsewhere)

        assert ran.code == 0
        assert ran.out.startswith("trivial 1.0.0 is ready (")
        assert "Installing collected packages: pelagos-trivial" in ran.err
        assert pelagos("predict", "trivial", "--text", "a", "--json", *elsewhere).json["text"] == "a"

    def test_does_nothing_the_second_time(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        first = pelagos("install", str(TRIVIAL), "--json", *elsewhere).json

        assert pelagos("install", str(TRIVIAL), "--json", *elsewhere).json == first

    def test_shows_its_steps_on_a_terminal(self, state: Path, elsewhere: list[str]) -> None:
        terminal = Terminal("install", str(TRIVIAL), *elsewhere)

        terminal.read_until("Its arguments: pelagos describe trivial")

        assert terminal.end() == 0
        assert "Making a Python environment" in terminal.seen

    def test_refuses_what_is_no_source(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        ran = pelagos("install", "./nowhere", *elsewhere)

        assert ran.code == 2
        assert "source: there is no folder './nowhere'" in ran.err


class TestModules:
    @pytest.mark.parametrize("words", [["modules"], ["modules", "list"]])
    def test_are_listed(self, pelagos: Pelagos, words: list[str]) -> None:
        lines = pelagos(*words).out.splitlines()

        assert [line.split()[:3] for line in lines[1:]] == [
            ["counting", "1.0.0", "native"],
            ["trivial", "1.0.0", "native"],
        ]

    @pytest.mark.parametrize("words", [["modules", "--json"], ["modules", "list", "--json"]])
    def test_are_listed_as_json(self, pelagos: Pelagos, words: list[str]) -> None:
        assert [each["name"] for each in pelagos(*words).json] == ["counting", "trivial"]

    def test_are_none_at_first(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        assert "pelagos install" in pelagos("modules", *elsewhere).err

    def test_are_removed(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        pelagos("install", str(TRIVIAL), *elsewhere)

        ran = pelagos("modules", "remove", "trivial", *elsewhere)

        assert (ran.code, ran.out) == (0, "trivial is removed\n")
        assert pelagos("modules", "--json", *elsewhere).json == []
