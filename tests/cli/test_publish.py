"""A module is checked and proposed on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pelagos = Callable[..., Any]


@pytest.fixture
def module(pelagos: Pelagos, tmp_path: Path) -> Path:
    """The folder of a new module."""
    pelagos("new", "penguins", "--folder", str(tmp_path / "penguins"), "--author", "Ada")
    return tmp_path / "penguins"


class TestPublish:
    def test_proposes_what_has_no_faults(self, pelagos: Pelagos, module: Path) -> None:
        ran = pelagos("publish", str(module), "--no-examples")

        (proposal,) = pelagos("catalog", "proposals", "--json").json
        assert ran.code == 0
        assert f"Proposed: {proposal['id']}" in ran.out
        assert (proposal["name"], proposal["state"]) == ("penguins", "proposed")

    def test_only_checks_when_asked_to(self, pelagos: Pelagos, module: Path) -> None:
        ran = pelagos("publish", str(module), "--no-examples", "--check")

        assert ran.code == 0
        assert "The card of penguins is 96% complete." in ran.out
        assert pelagos("catalog", "proposals", "--json").json == []

    def test_proposes_nothing_with_faults(self, pelagos: Pelagos, module: Path) -> None:
        card = module / "module.toml"
        card.write_text(card.read_text().replace('"MIT"', '"Apache-2.0"'))

        ran = pelagos("publish", str(module), "--no-examples")

        assert ran.code == 1
        assert "LICENSE:1:1: error: licence: The card says Apache-2.0, but this is the text of MIT." in ran.out
        assert pelagos("catalog", "proposals", "--json").json == []

    def test_is_sent_back_with_a_comment(self, pelagos: Pelagos, module: Path) -> None:
        proposal = pelagos("publish", str(module), "--no-examples", "--json").json["proposal"]

        refused = pelagos("catalog", "return", proposal)
        returned = pelagos("catalog", "return", proposal, "--comment", "Say more.", "--json")

        assert (refused.code, returned.json["state"]) == (2, "returned")
        assert pelagos("catalog", "accept", proposal).code == 1
