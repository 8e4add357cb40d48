"""The loop brings deployments along by itself."""

from __future__ import annotations

import waiting
from orchestrator.world import World, serving
from pelagos import orchestrator


class TestLoop:
    def test_brings_deployments_up_and_down(self, world: World) -> None:
        known = world.deployments()
        loop = orchestrator.Loop(known, interval_s=0.05)
        loop.start()

        try:
            made = known.create(serving())
            waiting.until(lambda: known.get(made.id).state is orchestrator.State.CREATE_COMPLETE, 60)
            known.delete(made.id)
            waiting.until(lambda: known.get(made.id).state is orchestrator.State.DELETE_COMPLETE, 60)
        finally:
            loop.stop()
            loop.stop()

        assert world.starts(made.id) == 0

    def test_removes_what_a_crash_has_left_of_deleted_ones(self, world: World) -> None:
        known = world.pretending()
        made = known.create(serving())
        known.delete(made.id)
        known.reconcile()
        left = world.state / "deployments" / made.id
        left.mkdir(parents=True)
        foreign = world.state / "deployments" / ("f" * 32)
        foreign.mkdir()

        loop = orchestrator.Loop(known, interval_s=0.05)
        loop.start()
        waiting.until(lambda: not left.exists())
        loop.stop()

        assert foreign.exists()
