"""A small world for the tests of this room: a state folder, modules to run, and several ways to die.

Also a program, `python world.py STATE DATABASE ACT ...`, so that tests can have many processes on one state
and kill them.
"""

from __future__ import annotations

import datetime
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pelagos
import pelagos.db
import pelagos.jobs
import waiting
from pelagos import environments
from pelagos.domain import clock, records, states
from pelagos.module import processes
from pelagos.sites import driver, fake
from pelagos.sites.drivers import local

BEHAVIOURS = Path(__file__).parent / "behaviours.py"
LATE = datetime.timedelta(minutes=5)
"""Later than any launch that is still going on."""


class LateClock(clock.SystemClock):
    """Shows what the clock will show when every grace is over."""

    def now(self) -> datetime.datetime:
        """Tell the later time."""
        return super().now() + LATE


class World:
    """One state folder."""

    def __init__(self, state: Path, database_url: str) -> None:
        self.state = state
        self.database_url = database_url
        self.code = state / "code"
        if not self.code.exists():
            self.code.mkdir(parents=True)
            (self.code / "pelagos").symlink_to(Path(pelagos.__file__).parent)
            (self.code / "behaviours.py").symlink_to(BEHAVIOURS)
        self.database = pelagos.db.connect(database_url)
        self.store = pelagos.jobs.Store(self.database)
        self.fake = fake.FakeDriver(state / "fake")
        self.drivers: Mapping[str, driver.SiteDriver] = {"local": local.LocalDriver(), "fake": self.fake}

    def jobs(
        self,
        *,
        store: pelagos.jobs.Store | None = None,
        drivers: Mapping[str, driver.SiteDriver] | None = None,
        time_source: clock.Clock | None = None,
    ) -> pelagos.jobs.Jobs:
        """Make a `Jobs` as a server that has just started would."""
        return pelagos.jobs.Jobs(
            store or self.store,
            drivers=drivers or self.drivers,
            folder=self.state / "jobs",
            cache=self.state / "cache",
            clock=time_source or clock.SystemClock(),
        )

    def submission(self, behaviour: str = "Steps", **changes: Any) -> pelagos.jobs.Submission:
        """Ask for a training of one of the behaviours on this machine."""
        code = environments.ModuleCode(
            name="behaviours",
            kind="native",
            entry=f"behaviours:{behaviour}",
            python=Path(sys.executable),
            path=self.code,
        )
        wanted: dict[str, Any] = {"kind": records.Kind.TRAINING, "module": code, "arguments": {}, **changes}
        return pelagos.jobs.Submission(**wanted)

    def pretended(self, **changes: Any) -> pelagos.jobs.Submission:
        """Ask for a training at the site that runs nothing."""
        return self.submission(site="fake", **changes)

    def token(self, job: records.Job) -> str:
        """The token of a job."""
        return str(job.command["token"])

    def left_of(self, job: records.Job) -> list[processes.Process]:
        """The living processes of a job."""
        return processes.of_run(self.token(job))

    def close(self) -> None:
        """End all that still runs."""
        for job in self.store.at_sites():
            processes.end(self.left_of(job))
        self.database.close()


def final(jobs: pelagos.jobs.Jobs, job: records.Job, within_s: float = 20.0) -> records.Job:
    """Reconcile until a job has ended."""

    def ended() -> records.Job | None:
        jobs.reconcile()
        now = jobs.get(job.id)
        return now if now.state.final else None

    found: records.Job = waiting.until(ended, within_s)
    return found


def running(jobs: pelagos.jobs.Jobs, job: records.Job, *, says: bytes = b"ready") -> records.Job:
    """Reconcile until a job runs and its module has said so."""

    def runs() -> records.Job | None:
        jobs.reconcile()
        now = jobs.get(job.id)
        said = says in jobs.run_folder(job.id).log().data
        return now if now.state == states.State.RUNNING and said else None

    found: records.Job = waiting.until(runs)
    return found


def alive(process: processes.Process) -> bool:
    """Whether a process that was seen before still runs."""
    now = processes.find(process.pid)
    return now is not None and now.start == process.start and now.state not in "ZX"


class _Mortal:
    """Dies, as by kill -9, when it comes to the chosen point."""

    def __init__(self, point: str) -> None:
        self._point = point

    def reach(self, point: str) -> None:
        """Pass a point, or die there."""
        if point == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(pelagos.jobs.Store):
    """A store whose process dies before or after one of its acts."""

    def __init__(self, database: pelagos.db.Database, point: str) -> None:
        super().__init__(database)
        self._mortal = _Mortal(point)

    def add(self, job: records.Job) -> None:
        """Die around the acceptance."""
        self._mortal.reach("before add")
        super().add(job)
        self._mortal.reach("after add")

    def claim(self, *arguments: Any) -> records.Job | None:
        """Die around the claim."""
        self._mortal.reach("before claim")
        job = super().claim(*arguments)
        self._mortal.reach("after claim")
        return job

    def amend(self, job: records.Job, **changes: Any) -> records.Job:
        """Die around the record of the handle."""
        self._mortal.reach("before amend")
        job = super().amend(job, **changes)
        self._mortal.reach("after amend")
        return job

    def move(self, job: records.Job, state: states.State, now: datetime.datetime, **changes: Any) -> records.Job:
        """Die around a move."""
        self._mortal.reach(f"before {state}")
        job = super().move(job, state, now, **changes)
        self._mortal.reach(f"after {state}")
        return job


class DyingDriver(fake.FakeDriver):
    """A site whose caller dies before or after a launch, a look or a stop."""

    def __init__(self, folder: Path, point: str) -> None:
        super().__init__(folder)
        self._mortal = _Mortal(point)

    def launch(self, command: driver.Command) -> driver.Handle:
        """Die around the launch."""
        self._mortal.reach("before launch")
        handle = super().launch(command)
        self._mortal.reach("after launch")
        return handle


def submit_and_die(world: World, point: str) -> None:
    """Submit one pretended job and die at a point of it."""
    site = DyingDriver(world.state / "fake", point)
    world.jobs(store=DyingStore(world.database, point), drivers={"fake": site}).submit(world.pretended(key="once"))


def reconcile_and_die(world: World, point: str) -> None:
    """Do steps of the loop until death comes."""
    site = DyingDriver(world.state / "fake", point)
    jobs = world.jobs(store=DyingStore(world.database, point), drivers={"fake": site}, time_source=LateClock())
    for _ in range(5):
        jobs.reconcile()


def submit_many(world: World, behaviour: str, key: str, times: str) -> None:
    """Submit the same thing many times; prints the ids that come back."""
    jobs = world.jobs()
    for _ in range(int(times)):
        print(jobs.submit(world.submission(behaviour, key=key)).id, flush=True)


def serve(world: World) -> None:
    """Be a server: reconcile until the end of the world."""
    loop = pelagos.jobs.Loop(world.jobs(), interval_s=0.05)
    loop.start()
    print("serving", flush=True)
    sys.stdin.read()
    loop.stop()


def reconcile_for(world: World, steps: str) -> None:
    """Do so many steps of the loop at the pretended site."""
    jobs = world.jobs(drivers={"fake": world.fake})
    for _ in range(int(steps)):
        jobs.reconcile()


ACTS: Mapping[str, Callable[..., None]] = {
    act.__name__: act for act in (submit_and_die, reconcile_and_die, submit_many, serve, reconcile_for)
}

if __name__ == "__main__":
    ACTS[sys.argv[3]](World(Path(sys.argv[1]), sys.argv[2]), *sys.argv[4:])
