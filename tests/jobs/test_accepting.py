"""The run folder and the record of a new job."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from jobs import world as worlds
from pelagos.domain import errors, records, resources
from pelagos.jobs import accepting, submission
from pelagos.sites import driver

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def prepared(world: worlds.World, wanted: submission.Submission) -> records.Job:
    """The record of a new job, with its folder made."""
    place = {"folder": world.state / "jobs", "cache": world.state / "cache"}
    return accepting.prepare(wanted, job_id="1" * 32, token="t" * 32, now=NOW, **place)


class TestPrepare:
    def test_writes_all_that_the_supervisor_needs(self, world: worlds.World, tmp_path: Path) -> None:
        need = resources.Resources(cpus=1, wall_time_s=9.0)

        prepared(world, world.submission(arguments={"steps": 3}, resources=need, resume=tmp_path / "model"))

        assert json.loads((world.state / "jobs" / ("1" * 32) / "spec.json").read_text()) == {
            "id": "1" * 32,
            "kind": "training",
            "token": "t" * 32,
            "module": {"name": "behaviours", "kind": "native", "entry": "behaviours:Steps", "cwd": None},
            "arguments": {"steps": 3},
            "resources": {"cpus": 1, "gpus": 0, "memory_mb": None, "wall_time_s": 9.0},
            "cache": str(world.state / "cache" / "behaviours"),
            "resume": str(tmp_path / "model"),
            "grace_s": 2.0,
        }

    def test_makes_a_record_that_can_be_launched_after_any_restart(self, world: worlds.World) -> None:
        job = prepared(world, world.submission(key="k"))

        command = driver.Command.from_json(json.loads(json.dumps(job.command)))
        assert command.arguments[1:] == ("-m", "pelagos.module.job", str(command.folder / "spec.json"))
        assert command.environment["PYTHONPATH"] == str(world.code)
        assert command.environment["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"
        assert command.token == "t" * 32
        assert (job.created, job.key, job.module) == (NOW, "k", "behaviours")

    def test_refuses_a_folder_that_is_there_and_leaves_it_alone(self, world: worlds.World) -> None:
        prepared(world, world.submission(arguments={"steps": 3}))

        with pytest.raises(errors.Conflict):
            prepared(world, world.submission(arguments={"steps": 4}))

        (folder,) = (world.state / "jobs").iterdir()
        assert json.loads((folder / "spec.json").read_text())["arguments"] == {"steps": 3}

    @pytest.mark.parametrize("name", ["../../evil", "a b\n.jpg", "x" * 500, ".."])
    def test_lets_no_upload_choose_where_it_lands(self, world: worlds.World, name: str) -> None:
        document = {"name": name, "content_type": "", "path": name}

        job = prepared(world, world.submission(arguments={"document": {"$file": document}}, files={name: b"x"}))

        path = Path(job.arguments["document"]["$file"]["path"])
        assert path.read_bytes() == b"x"
        assert path.parent == world.state / "jobs" / ("1" * 32) / "inputs"
        assert job.arguments["document"]["$file"]["name"] == name
