"""Attempts: their run folders, command lines and sockets."""

from __future__ import annotations

import datetime
import json
import os
import stat
from pathlib import Path

import pytest

from orchestrator.world import World, serving
from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.orchestrator import attempts, deployment

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def record(wish: orchestrator.Wish, **changes: object) -> orchestrator.Deployment:
    return orchestrator.Deployment("d" * 32, wish, NOW, NOW, NOW).evolve(**changes)


def prepared(world: World, wish: orchestrator.Wish, token: str = "a" * 32) -> orchestrator.Replica:
    around = orchestrator.Surroundings(world.state / "deployments", world.modules, {"PELAGOS_STATE_DIR": "/s"})
    return attempts.prepare(record(wish), 0, site="local", token=token, around=around, now=NOW)


def spec(replica: orchestrator.Replica) -> dict[str, object]:
    found: dict[str, object] = json.loads((Path(replica.command["folder"]) / "spec.json").read_bytes())
    return found


class TestPrepare:
    def test_makes_a_folder_that_nobody_else_reads(self, world: World) -> None:
        replica = prepared(world, serving())

        folder = Path(replica.command["folder"])
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert spec(replica)["kind"] == "command"
        assert (replica.handle, replica.state, replica.generation) == (None, deployment.Health.STARTING, 1)

    def test_serves_a_module_by_the_command_that_people_use(self, world: World) -> None:
        replica = prepared(world, orchestrator.Wish("trivial", model="production"))

        line = spec(replica)["command"]
        assert isinstance(line, list)
        assert line[1:5] == ["-m", "pelagos.cli", "run", "trivial"]
        assert line[5:] == [
            "--listen-socket",
            replica.address["socket"],
            "--base-path",
            f"/deployments/{'d' * 32}",
            "--default-model",
            "production",
        ]
        assert replica.command["environment"]["PELAGOS_STATE_DIR"] == "/s"

    def test_starts_jupyterlab_without_a_key_behind_the_socket(self, world: World, tmp_path: Path) -> None:
        programs = tmp_path / "bin"
        programs.mkdir()
        for name in ("python", "jupyter-lab"):
            (programs / name).write_text("#!/bin/sh\n")
            (programs / name).chmod(0o755)
        modules = _With(programs / "python")
        around = orchestrator.Surroundings(world.state / "deployments", modules)  # type: ignore[arg-type]
        wish = orchestrator.Wish("any", what=orchestrator.What.JUPYTER)

        replica = attempts.prepare(record(wish), 0, site="local", token="b" * 32, around=around, now=NOW)

        line = spec(replica)["command"]
        assert isinstance(line, list)
        assert line[0] == str(programs / "jupyter-lab")
        assert f"--ServerApp.sock={replica.address['socket']}" in line
        assert f"--ServerApp.base_url=/deployments/{'d' * 32}/" in line
        assert "--IdentityProvider.token=" in line
        assert "--ServerApp.allow_origin=" in line

    def test_takes_a_short_private_place_for_a_socket_whose_name_would_be_too_long(
        self, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        short = tmp_path / "t"
        short.mkdir()
        monkeypatch.setattr("tempfile.tempdir", str(short))
        around = orchestrator.Surroundings(world.state / ("x" * 100), world.modules)

        replica = attempts.prepare(record(serving()), 0, site="local", token="c" * 32, around=around, now=NOW)

        place = Path(replica.address["socket"])
        assert place.parent.parent == short
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert replica.command["environment"]["PELAGOS_SOCKET"] == str(place)
        attempts.remove(around.folder, "d" * 32)
        assert not place.parent.exists()

    def test_names_the_program_that_is_not_there(self, world: World) -> None:
        wish = orchestrator.Wish("trivial", what=orchestrator.What.COMMAND, command=("no-such-program",))

        with pytest.raises(errors.NotFound, match="no-such-program"):
            prepared(world, wish)

    def test_keeps_the_logs_of_the_newest_attempts_only(self, world: World) -> None:
        for number in range(attempts.KEPT + 3):
            replica = prepared(world, serving(), token=f"{number:032d}")
            folder = Path(replica.command["folder"])
            (folder / "log").write_text(str(number))
            os.utime(folder / "spec.json", (number, number))

        home = world.state / "deployments" / ("d" * 32)
        newest = attempts.last_log(world.state / "deployments", "d" * 32, 0)
        assert newest is not None
        assert newest.read_text() == str(attempts.KEPT + 2)
        assert len(list(home.glob("*/spec.json"))) == attempts.KEPT + 1
        assert attempts.last_log(world.state / "deployments", "d" * 32, 1) is None


class TestBurn:
    def test_is_sure_that_nothing_comes_of_a_folder_that_is_gone(self, world: World) -> None:
        replica = prepared(world, serving())
        attempts.remove(world.state / "deployments", "d" * 32)

        assert attempts.burn(replica)


class _With:
    """Modules of which every one has the same interpreter."""

    def __init__(self, python: Path) -> None:
        self._python = python

    def find(self, name: str) -> _With:
        return self

    @property
    def python(self) -> Path:
        return self._python
