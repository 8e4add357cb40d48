from __future__ import annotations

import datetime
import json
from pathlib import Path

from pelagos import jobs
from pelagos.domain import records, resources, states
from pelagos.runtime.console import status

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def job(**changes: object) -> records.Job:
    made = records.Job("1" * 32, records.Kind.TRAINING, "counting", {}, resources.Resources(), "local", NOON)
    return made.evolve(state=states.State.RUNNING, started=NOON, **changes)


class TestCost:
    def test_is_what_was_measured_of_processors_and_held_of_accelerators(self, tmp_path: Path) -> None:
        (tmp_path / "heartbeat").write_text(json.dumps({"cpu_s": 5400, "rss_mb": 1}))
        running = job(resources=resources.Resources(gpus=2))

        told = status.status(running, jobs.RunFolder(tmp_path), NOON + datetime.timedelta(hours=3))

        assert told.cost == "1.50 CPU h, 6.00 GPU h"

    def test_of_a_run_that_was_not_measured_is_not_made_up(self, tmp_path: Path) -> None:
        assert status.status(job(), jobs.RunFolder(tmp_path), NOON).cost == ""
