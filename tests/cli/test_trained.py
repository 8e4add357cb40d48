"""Trained models from the command line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pelagos = Callable[..., Any]
pytestmark = pytest.mark.heavy


@pytest.fixture
def model(pelagos: Pelagos) -> str:
    """The uuid of a trained model."""
    uuid: str = pelagos("train", "counting", "--epochs", "2", "--json").json["uuid"]
    return uuid


class TestModels:
    def test_are_none_at_first(self, pelagos: Pelagos) -> None:
        ran = pelagos("models", "list")

        assert (ran.code, ran.out) == (0, "")
        assert "There are no trained models." in ran.err

    def test_are_listed_with_title_and_alias(self, pelagos: Pelagos, model: str) -> None:
        pelagos("models", "name", model[:8], "Best of May", "--description", "Of all.")
        pelagos("models", "alias", model, "production")

        (listed,) = pelagos("models", "list", "--search", "best", "--json").json
        lines = pelagos("models", "list").out.splitlines()

        assert (listed["uuid"], listed["title"], listed["description"]) == (model, "Best of May", "Of all.")
        assert listed["aliases"] == ["production"]
        assert listed["metrics"]["epochs"] == 2
        assert lines[1].split()[:3] == [model, "counting", "production"]
        assert lines[1].endswith("Best of May")

    def test_are_shown_by_alias(self, pelagos: Pelagos, model: str) -> None:
        pelagos("models", "alias", model, "production")

        assert f"uuid        {model}" in pelagos("models", "show", "counting:production").out

    @pytest.mark.parametrize("word", ["zzz", "counting:nothing", "trivial:production", ""])
    def test_that_are_not_there_are_not_found(self, pelagos: Pelagos, model: str, word: str) -> None:
        pelagos("models", "alias", model, "production")

        assert pelagos("models", "show", word).code == 1

    def test_predict_by_alias_and_follow_it_when_it_moves(self, pelagos: Pelagos, model: str) -> None:
        pelagos("models", "alias", model, "production")
        first = pelagos("predict", "counting", "--values", "1", "--model", "production", "--json").json
        better = pelagos("train", "counting", "--epochs", "1", "--json").json["uuid"]

        pelagos("models", "alias", better, "production")

        second = pelagos("predict", "counting", "--values", "1", "--model", "production", "--json").json
        assert (first["model"], second["model"]) == (model, better)

    def test_lose_an_alias(self, pelagos: Pelagos, model: str) -> None:
        pelagos("models", "alias", model, "production")

        assert pelagos("models", "alias", model, "production", "--remove", "--json").json["aliases"] == []

    def test_are_downloaded(self, pelagos: Pelagos, model: str, tmp_path: Path) -> None:
        file = tmp_path / "best.zip"

        ran = pelagos("models", "download", model, "--output", str(file))

        assert ran.out == f"{model} is in {file}\n"
        with zipfile.ZipFile(file) as packed:
            assert packed.testzip() is None
            assert all(name.startswith(f"counting-{model[:8]}/") for name in packed.namelist())

    def test_are_deleted(self, pelagos: Pelagos, model: str) -> None:
        assert pelagos("models", "delete", model[:8]).out == f"{model} is deleted\n"

        assert pelagos("models", "list", "--json").json == []
