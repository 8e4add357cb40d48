"""The plain forms of what a driver is given."""

from __future__ import annotations

import json
from pathlib import Path

from pelagos.domain import resources
from pelagos.sites import driver


class TestCommand:
    def test_survives_the_database(self) -> None:
        command = driver.Command(
            arguments=("/usr/bin/python3", "-m", "x"),
            folder=Path("/state/jobs/1"),
            environment={"A": "b"},
            resources=resources.Resources(cpus=2, gpus=1, memory_mb=512, wall_time_s=1.5),
            token="t",
        )

        assert driver.Command.from_json(json.loads(json.dumps(command.as_json()))) == command


class TestOffer:
    def test_is_possible_when_nothing_speaks_against_it(self) -> None:
        assert driver.Offer(site="local").possible
        assert not driver.Offer(site="local", reasons=("It is full.",)).possible
