"""The background thread."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import pelagos.jobs
import waiting
from jobs import world as worlds
from pelagos.domain import records, states

RARELY_S = 60.0


@pytest.fixture
def jobs(world: worlds.World) -> pelagos.jobs.Jobs:
    """The jobs of a server."""
    return world.jobs()


@pytest.fixture
def loop(jobs: pelagos.jobs.Jobs) -> Iterator[pelagos.jobs.Loop]:
    """A loop that looks so rarely by itself that what is seen here was noticed."""
    made = pelagos.jobs.Loop(jobs, interval_s=RARELY_S)
    made.start()
    yield made
    made.stop()


@pytest.mark.usefixtures("loop")
class TestALoop:
    def test_notices_begin_and_end_at_once(self, world: worlds.World, jobs: pelagos.jobs.Jobs, tmp_path: Path) -> None:
        submitted = time.monotonic()

        job = jobs.submit(world.submission(arguments={"gate": str(tmp_path / "gate")}))
        waiting.until(lambda: jobs.get(job.id).state == states.State.RUNNING)
        (tmp_path / "gate").touch()
        waiting.until(lambda: jobs.get(job.id).state == states.State.DONE)

        assert time.monotonic() - submitted < RARELY_S
        assert [move.new.value for move in jobs.history(job.id)] == ["queued", "starting", "running", "done"]

    def test_starts_what_waits_when_another_ends(self, world: worlds.World, jobs: pelagos.jobs.Jobs) -> None:
        submitted = [jobs.submit(world.submission()) for _ in range(5)]

        waiting.until(lambda: all(jobs.get(job.id).state == states.State.DONE for job in submitted))

        begun = [jobs.get(job.id).started for job in submitted]
        assert begun[0] is not None
        assert begun[-1] is not None
        assert begun[0] < begun[-1]


class TestStop:
    def test_ends_the_thread_and_no_job(self, world: worlds.World, jobs: pelagos.jobs.Jobs) -> None:
        loop = pelagos.jobs.Loop(jobs)
        loop.start()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless")))

        loop.stop()
        loop.stop()

        assert world.left_of(job) != []
        assert jobs.get(job.id).state == states.State.RUNNING

    def test_lets_it_be_started_again(self, world: worlds.World, jobs: pelagos.jobs.Jobs) -> None:
        loop = pelagos.jobs.Loop(jobs)
        loop.start()
        loop.stop()

        loop.start()
        job = jobs.submit(world.submission())
        waiting.until(lambda: jobs.get(job.id).state == states.State.DONE)
        loop.stop()

        assert jobs.get(job.id).result["steps"] == 2


class TestAFailedStep:
    def test_does_not_end_the_loop(self, world: worlds.World) -> None:
        class Moody(pelagos.jobs.Store):
            """Fails at the first look."""

            failed = False

            def at_sites(self) -> tuple[records.Job, ...]:
                if not self.failed:
                    self.failed = True
                    raise OSError("the disk sleeps")
                return super().at_sites()

        jobs = world.jobs(store=Moody(world.database))
        loop = pelagos.jobs.Loop(jobs, interval_s=0.01)
        loop.start()

        job = jobs.submit(world.submission())
        waiting.until(lambda: jobs.get(job.id).state == states.State.DONE)
        loop.stop()

        assert jobs.get(job.id).reason == states.Reason.FINISHED
