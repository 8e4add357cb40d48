"""The whole way of a new module: made, checked, tested, trained, served, published."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.test_run import serving

Pelagos = Callable[..., Any]
pytestmark = pytest.mark.heavy


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Options for a state folder in which nothing is installed; the working folder is empty too."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return ["--state-dir", str(tmp_path / "elsewhere")]


class TestNew:
    def test_makes_a_module_that_goes_the_whole_way(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        made = pelagos("new", "penguins", "--author", "Ada", "--json", *elsewhere).json
        assert len(made["files"]) == 14

        checked = pelagos("publish", "penguins", "--check", "--json", *elsewhere).json
        assert [each["passed"] for each in checked["examples"]] == [True]
        assert (checked["ready"], checked["faults"], checked["proposal"]) == (True, [], None)

        tested = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            cwd=Path("penguins").absolute(),
            env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert "3 passed" in tested.stdout

        table = str(Path("penguins").absolute() / "examples" / "three.csv")
        answer = pelagos("predict", "penguins", table, "--json", *elsewhere).json
        assert answer["labels"] == ["Adelie", "Chinstrap", "Gentoo"]

        words = ["--dataset", str(Path("penguins").absolute() / "data"), "--epochs", "20", "--json"]
        job = pelagos("train", "penguins", *words, *elsewhere).json
        assert (job["state"], job["result"]["rows"]) == ("done", 120)
        assert job["result"]["accuracy"] > 0.9
        again = pelagos("predict", "penguins", table, "--model", job["uuid"], "--json", *elsewhere).json
        assert again["labels"] == answer["labels"]
        assert again["probabilities"] != answer["probabilities"]

        with serving("penguins", *elsewhere) as (_, address), Path(table).open("rb") as opened:
            served = httpx.post(f"{address}v2/models/penguins/predict/", files={"table": opened}, timeout=30).json()
        assert served["predictions"] == answer

        proposal = pelagos("publish", "./penguins", "--json", *elsewhere).json["proposal"]
        assert pelagos("catalog", "accept", proposal, *elsewhere).out == "penguins is accepted\n"
        shown = pelagos("catalog", "show", "penguins", "--json", *elsewhere).json
        assert (shown["source"], shown["examples"][0]["passed"]) == ("proposals", True)
        assert pelagos("catalog", "rerun", "penguins", *elsewhere).code == 0

    def test_overwrites_nothing(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        pelagos("new", "penguins")

        assert pelagos("new", "penguins").code == 1

    def test_refuses_a_name_that_no_package_can_have(self, pelagos: Pelagos, elsewhere: list[str]) -> None:
        ran = pelagos("new", "Penguins!")

        assert ran.code == 2
        assert "name: 'Penguins!' cannot be used" in ran.err
