import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pelagos.cli import assembly
from pelagos.environments import Environments

Pelagos = Callable[..., Any]
HERE = argparse.Namespace(config_file=None)
pytestmark = pytest.mark.heavy


class TestInterpretersOfJobs:
    @pytest.mark.parametrize("database", ["", "sqlite:///{}/elsewhere.sqlite"])
    def test_are_those_of_jobs_that_have_not_ended(
        self,
        pelagos: Pelagos,
        installed_modules: Environments,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path: Path,
        database: str,
    ) -> None:
        monkeypatch.setenv("PELAGOS_DATABASE", database.format(tmp_path))
        monkeypatch.setenv("PELAGOS_JOBS_SLOTS", "1")
        words = ("train", "counting", "--epochs", "1000", "--delay-s", "0.05", "--detach")
        running, waiting = (pelagos(*words).out.strip() for _ in range(2))

        before = list(assembly.interpreters_of_jobs(assembly.settings(HERE)))
        pelagos("jobs", "cancel", waiting, running)

        assert before == [installed_modules.find("counting").python] * 2
        assert list(assembly.interpreters_of_jobs(assembly.settings(HERE))) == []

    def test_make_no_database(self, state: Path) -> None:
        assert list(assembly.interpreters_of_jobs(assembly.settings(HERE))) == []
        assert not (state / "pelagos.sqlite").exists()


class TestModulesOf:
    def test_are_one_for_a_name_and_all_for_a_folder(self, state: Path, installed_modules: Environments) -> None:
        folder = Path(__file__).parents[1] / "modules_for_tests" / "counting"
        known = assembly.environments_of(assembly.settings(HERE))

        assert assembly.modules_of(known, "counting") == [installed_modules.find("counting")]
        assert assembly.modules_of(known, str(folder)) == [installed_modules.find("counting")]
