"""The catalog on the command line: its sources, and what is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pelagos = Callable[..., Any]


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder with two modules."""
    for name, title in (("plankton", "Plankton counter"), ("birds", "Bird songs")):
        (tmp_path / "shelf" / name).mkdir(parents=True)
        (tmp_path / "shelf" / name / "module.toml").write_text(f'title = "{title}"\nlicence = "MIT"\n')
    return tmp_path / "shelf"


class TestCatalog:
    def test_adds_a_source_and_finds_its_modules(self, pelagos: Pelagos, shelf: Path) -> None:
        added = pelagos("catalog", "add", str(shelf), "--json").json
        found = pelagos("catalog", "search", "plancton", "--licence", "MIT", "--json").json

        assert [(each["id"], each["kind"], each["cards"], each["error"]) for each in added] == [
            ("shelf", "folder", 2, "")
        ]
        assert [hit["name"] for hit in found["hits"]] == ["plankton"]
        assert found["repaired"] == {"plancton": "plankton"}

    def test_finds_what_is_installed_without_any_source(self, pelagos: Pelagos) -> None:
        found = pelagos("catalog", "search")

        assert [line.split()[0] for line in found.out.splitlines()] == ["MODULE", "counting", "trivial"]

    def test_shows_a_card(self, pelagos: Pelagos, shelf: Path) -> None:
        pelagos("catalog", "add", str(shelf))

        assert pelagos("catalog", "show", "birds").out.splitlines()[0] == "Bird songs (birds)"
        assert pelagos("catalog", "show", "birds", "--json").json["card"]["licence"] == "MIT"
        assert pelagos("catalog", "show", "bears").code == 1

    def test_shows_the_versions_of_a_card(self, pelagos: Pelagos, shelf: Path) -> None:
        card = shelf / "birds" / "module.toml"
        card.write_text('title = "Old songs"\nversion = "1.0"\n')
        pelagos("catalog", "add", str(shelf))
        card.write_text('title = "New songs"\nversion = "2.0"\n')
        pelagos("catalog", "refresh")

        listed = pelagos("catalog", "show", "birds", "--versions")
        former = pelagos("catalog", "show", "birds", "--version", "1.0")

        assert [line.split()[0] for line in listed.out.splitlines()] == ["VERSION", "2.0", "1.0"]
        assert former.out.splitlines()[0] == "Old songs (birds 1.0)"
        assert pelagos("catalog", "show", "birds", "--version", "3.0").code == 1
        assert pelagos("catalog", "show", "bears", "--versions").code == 1

    def test_says_what_is_wrong_with_a_card(self, pelagos: Pelagos, shelf: Path) -> None:
        pelagos("catalog", "add", str(shelf))
        (shelf / "birds" / "module.toml").write_text("title = \n")

        ran = pelagos("catalog", "refresh", "shelf")

        assert (ran.code, "the card of birds cannot be read" in ran.err) == (1, True)
        assert "birds/module.toml:1:9: error: This is not TOML" in ran.err

    def test_says_which_source_failed(self, pelagos: Pelagos, shelf: Path) -> None:
        pelagos("catalog", "add", str(shelf))
        shelf.rename(shelf.with_name("moved"))

        ran = pelagos("catalog", "refresh", "shelf")

        assert ran.code == 1
        assert "there is no folder" in ran.err
        assert {each["id"]: each["cards"] for each in pelagos("catalog", "list", "--json").json} == {
            "installed": 2,
            "shelf": 2,
        }

    def test_removes_a_source_with_its_cards(self, pelagos: Pelagos, shelf: Path) -> None:
        pelagos("catalog", "add", str(shelf))

        ran = pelagos("catalog", "remove", "shelf")

        assert (ran.code, ran.out) == (0, "shelf is removed\n")
        assert pelagos("catalog", "show", "birds").code == 1

    def test_refuses_what_is_no_source(self, pelagos: Pelagos) -> None:
        ran = pelagos("catalog", "add", "nowhere")

        assert ran.code == 2
        assert "there is no folder or file 'nowhere'" in ran.err
