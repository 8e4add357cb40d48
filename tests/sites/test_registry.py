"""From a driver's name to its class."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pelagos.domain import errors
from pelagos.sites import registry
from pelagos.sites.drivers import local


@pytest.fixture
def others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the import path with the distribution of somebody else's drivers."""
    facts = tmp_path / "others-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: others\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(
        "[pelagos.sites]\nmine = others_mine:Mine\nneedy = others_needy:Needy\nbroken = others_broken:Gone\n"
    )
    (tmp_path / "others_mine.py").write_text("class Mine: ...\n")
    (tmp_path / "others_needy.py").write_text("import a_package_nobody_has\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


class TestNames:
    def test_have_the_drivers_that_ship(self) -> None:
        assert "local" in registry.names()

    def test_have_the_drivers_of_others(self, others: Path) -> None:
        assert {"local", "mine", "needy"} <= set(registry.names())


class TestLoad:
    def test_gives_the_class(self) -> None:
        assert registry.load("local") is local.LocalDriver

    def test_gives_the_class_of_others(self, others: Path) -> None:
        assert registry.load("mine").__module__ == "others_mine"

    def test_suggests_a_name_that_is_near(self) -> None:
        with pytest.raises(errors.NotFound) as refused:
            registry.load("lokal")

        assert refused.value.hint == "Did you mean 'local'?"

    def test_lists_what_there_is_when_nothing_is_near(self) -> None:
        with pytest.raises(errors.NotFound) as refused:
            registry.load("moonbase")

        assert "local" in refused.value.hint

    def test_says_what_to_install(self, others: Path) -> None:
        with pytest.raises(errors.MissingExtra, match="needs the package a_package_nobody_has") as refused:
            registry.load("needy")

        assert refused.value.hint == "pip install 'pelagos[needy]'"

    def test_tells_a_broken_driver_from_a_missing_package(self, others: Path) -> None:
        with pytest.raises(ModuleNotFoundError, match="others_broken"):
            registry.load("broken")

        assert "others_broken" not in sys.modules
