"""Runs on the state of a world."""

from __future__ import annotations

import json
from typing import Any

import pelagos.jobs
from jobs import world as job_world
from orchestrator.world import World
from pelagos import orchestrator
from pelagos.domain import clock, records


class Bench:
    """The door to runs, and what one needs to look at them."""

    def __init__(self, world: World) -> None:
        self.jobs = pelagos.jobs.Jobs(
            pelagos.jobs.Store(world.database),
            drivers={"local": world.local},
            folder=world.state / "jobs",
            cache=world.state / "cache",
            clock=clock.SystemClock(),
        )
        self.models = pelagos.jobs.TrainedModels(world.database, self.jobs, clock.SystemClock())
        self.runs = orchestrator.Runs(
            self.jobs, modules=world.modules, sites={"local": world.local}, models=self.models
        )

    def ended(self, job: records.Job) -> records.Job:
        return job_world.final(self.jobs, job, 60)

    def outputs(self, job: records.Job) -> dict[str, Any]:
        outputs = self.jobs.run_folder(job.id).outputs
        return {str(path.relative_to(outputs)): json.loads(path.read_bytes()) for path in outputs.rglob("*.json")}
