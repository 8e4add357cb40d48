"""A new module has all that a module needs, whatever it is called."""

from __future__ import annotations

import datetime
import tomllib
from pathlib import Path

import pytest

from pelagos.catalog import folders, scaffold
from pelagos.domain import errors

TODAY = datetime.date(2026, 1, 1)


class TestCreate:
    def test_fills_in_name_and_author(self, tmp_path: Path) -> None:
        made = scaffold.create(tmp_path / "m", "plankton-counter-2", author='Ada "A." Lovelace', today=TODAY)

        project = tomllib.loads((tmp_path / "m" / "pyproject.toml").read_text())["project"]
        assert project["entry-points"]["pelagos.modules"] == {
            "plankton-counter-2": "plankton_counter_2:PlanktonCounter2"
        }
        assert "Copyright (c) 2026 Ada" in (tmp_path / "m" / "LICENSE").read_text()
        assert all(path.exists() for path in made)
        assert not any("$" in path.read_text() for path in made if path.suffix != ".yml")

    def test_makes_a_card_without_faults(self, tmp_path: Path) -> None:
        scaffold.create(tmp_path / "m", "plankton", author='Ada "A." Lovelace', today=TODAY)

        found = folders.read(tmp_path / "m")

        assert found.faults == ()
        assert found.card is not None
        assert [author.name for author in found.card.authors] == ['Ada "A." Lovelace']

    @pytest.mark.parametrize("name", ["", "Plankton", "a_b", "-a", "a--b", "2a", "json", "class", "../a", "a" * 101])
    def test_refuses_names_that_no_package_can_have(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            scaffold.create(tmp_path / "m", name, today=TODAY)

        assert list(caught.value.faults) == ["name"]
        assert not (tmp_path / "m").exists()

    def test_overwrites_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_text("mine")

        with pytest.raises(errors.Conflict):
            scaffold.create(tmp_path, "plankton", today=TODAY)

        assert [path.name for path in tmp_path.iterdir()] == ["mine"]
