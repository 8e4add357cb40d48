"""A module's folder is checked before it is published."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pelagos import environments
from pelagos.catalog import checking, scaffold
from pelagos.domain import clock, errors

TODAY = datetime.date(2026, 1, 1)


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The folder of a new module."""
    scaffold.create(tmp_path / "penguins", "penguins", author="Ada", today=TODAY)
    return tmp_path / "penguins"


def check(path: Path, modules: environments.Environments | None = None) -> checking.Report:
    return checking.check(path, clock=clock.FixedClock(), modules=modules)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


class TestCheck:
    def test_finds_nothing_wrong_with_a_new_module(self, module: Path) -> None:
        found = check(module)

        assert (found.ready, found.faults, found.pickles, found.examples) == (True, (), (), ())
        assert found.card is not None
        assert (found.card.name, found.card.version) == ("penguins", "0.1.0")

    def test_names_the_place_of_a_fault(self, module: Path) -> None:
        replace(module / "module.toml", 'licence = "MIT"', 'licence = "Free"')

        found = check(module)

        first = next(str(fault) for fault in found.faults if fault.field == "licence")
        assert first.startswith("module.toml:3:1: error: licence: “Free” is no licence")
        assert not found.ready

    def test_compares_the_licence_with_its_text(self, module: Path) -> None:
        replace(module / "module.toml", 'licence = "MIT"', 'licence = "Apache-2.0"')

        (fault,) = check(module).faults

        assert (fault.file, fault.field) == ("LICENSE", "licence")

    def test_wants_to_know_who_made_it(self, module: Path) -> None:
        replace(module / "module.toml", '[[authors]]\nname = "Ada"', "")

        found = check(module)

        assert [fault.field for fault in found.faults] == ["authors"]
        assert not found.ready

    def test_warns_of_pickles_and_goes_on(self, module: Path) -> None:
        (module / "weights.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")

        found = check(module)

        assert [fault.file for fault in found.pickles] == ["weights.pkl"]
        assert found.ready

    def test_says_that_there_is_no_card(self, tmp_path: Path) -> None:
        found = check(tmp_path)

        assert (found.card, found.ready, found.score) == (None, False, 0)

    def test_refuses_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput):
            check(tmp_path / "nowhere")

    @pytest.mark.heavy
    def test_runs_the_examples_where_the_module_is_installed(self, module: Path, tmp_path: Path) -> None:
        modules = environments.Environments(tmp_path / "modules")
        replace(module / "module.toml", "tolerance = 0.02", "tolerance = 0.0001")

        found = check(module, modules)

        (ran,) = found.examples
        assert (ran.name, ran.passed, ran.version) == ("Three penguins", False, "0.1.0")
        assert "probabilities[0] is 0.98" in ran.message
        assert not found.ready
        assert modules.find("penguins").folder == module

    @pytest.mark.heavy
    def test_says_that_a_module_cannot_be_installed(self, module: Path, tmp_path: Path) -> None:
        replace(module / "pyproject.toml", "dependencies = []", 'dependencies = ["no-such-thing @ file:///nowhere"]')

        found = check(module, environments.Environments(tmp_path / "modules"))

        assert "cannot be installed" in found.faults[0].message
        assert not found.ready


class TestReport:
    def test_comes_back_from_its_plain_form(self, module: Path) -> None:
        (module / "weights.pkl").write_bytes(b"cposix\nsystem\n(S'true'\ntR.")
        replace(module / "module.toml", 'licence = "MIT"', 'licence = "Free"')
        found = check(module)

        assert checking.Report.of_plain(found.plain()) == found
