from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pelagos = Callable[..., Any]


class TestSettings:
    def test_are_shown_with_their_origin(self, pelagos: Pelagos, state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (state / "pelagos.toml").write_text("[jobs]\nslots = 3\n")
        monkeypatch.setenv("PELAGOS_RUNTIME_WARM", "no")

        lines = [line.split() for line in pelagos("settings").out.splitlines()]

        assert ["jobs.slots", "3", f"{state}/pelagos.toml:", "jobs.slots"] in lines
        assert ["runtime.warm", "false", "PELAGOS_RUNTIME_WARM"] in lines
        assert ["runtime.listen_port", "5000", "default"] in lines

    def test_are_given_as_json(self, pelagos: Pelagos, state: Path) -> None:
        first = pelagos("settings", "--json").json[0]

        assert (first["name"], first["value"], first["variable"]) == ("state_dir", str(state), "PELAGOS_STATE_DIR")

    def test_come_from_the_file_that_is_named(self, pelagos: Pelagos, tmp_path: Path) -> None:
        (tmp_path / "mine.toml").write_text("[jobs]\nslots = 9\n")

        shown = pelagos("settings", "--json", "--config-file", str(tmp_path / "mine.toml")).json

        assert {each["name"]: each["value"] for each in shown}["jobs.slots"] == 9
