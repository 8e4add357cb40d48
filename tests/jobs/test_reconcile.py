"""The step of the loop: what it makes of what the site shows, two at once, and killed anywhere in it."""

from __future__ import annotations

import signal

import pytest

import databases
from jobs import world as worlds
from jobs.conftest import Start
from pelagos.domain import clock, errors, states
from pelagos.jobs import reconcile
from pelagos.sites import driver, fake

QUEUED, STARTING, RUNNING = states.State.QUEUED, states.State.STARTING, states.State.RUNNING
DONE, FAILED, CANCELLED, LOST = states.State.DONE, states.State.FAILED, states.State.CANCELLED, states.State.LOST
Reason = states.Reason


class TestAStep:
    def test_sees_a_job_begin_and_end(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())

        jobs.reconcile()
        before = jobs.get(job.id).state
        world.fake.begin(world.token(job))
        jobs.reconcile()
        during = jobs.get(job.id).state
        world.fake.end(world.token(job), Reason.FINISHED)
        jobs.reconcile()

        assert (before, during, jobs.get(job.id).state) == (STARTING, RUNNING, DONE)
        assert [move.new for move in jobs.history(job.id)] == [QUEUED, STARTING, RUNNING, DONE]

    @pytest.mark.parametrize("reason", [reason for reason in Reason if reason != Reason.FINISHED])
    def test_gives_every_reason_its_state_and_a_sentence(self, world: worlds.World, reason: states.Reason) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.end(world.token(job), reason)

        jobs.reconcile()

        ended = jobs.get(job.id)
        assert (ended.state, ended.reason) == (states.ENDINGS[reason].state, reason)
        assert ended.message == states.ENDINGS[reason].text
        assert ended.finished is not None

    def test_keeps_what_the_site_says_about_an_end(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.end(world.token(job), Reason.OUT_OF_MEMORY, "It used 7 MiB.")

        jobs.reconcile()

        assert jobs.get(job.id).message == "It used 7 MiB."
        assert jobs.history(job.id)[-1].message == "It used 7 MiB."

    def test_calls_a_job_lost_that_vanished(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.begin(world.token(job))
        jobs.reconcile()

        world.fake.vanish(world.token(job))
        jobs.reconcile()

        assert (jobs.get(job.id).state, jobs.get(job.id).reason) == (LOST, Reason.SITE_LOST)

    def test_calls_a_job_cancelled_that_vanished_after_the_wish(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        jobs.run_folder(job.id).ask_cancel()

        world.fake.vanish(world.token(job))
        jobs.reconcile()

        assert jobs.get(job.id).state == CANCELLED

    def test_passes_on_a_wish_to_stop(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.begin(world.token(job))
        jobs.run_folder(job.id).ask_cancel()

        jobs.reconcile()
        jobs.reconcile()

        assert jobs.get(job.id).state == CANCELLED

    def test_changes_nothing_after_the_end(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.end(world.token(job), Reason.FINISHED)
        jobs.reconcile()
        ended = jobs.get(job.id)

        world.fake.end(world.token(job), Reason.MODULE_ERROR)
        jobs.reconcile()

        assert jobs.get(job.id) == ended

    def test_leaves_jobs_alone_whose_site_it_does_not_know(self, world: worlds.World) -> None:
        job = world.jobs().submit(world.pretended())
        world.fake.end(world.token(job), Reason.FINISHED)
        stranger = world.jobs(drivers={"local": world.drivers["local"]})

        stranger.reconcile()

        assert stranger.get(job.id).state == STARTING


class TestASiteInTrouble:
    def test_keeps_its_jobs_queued_until_it_answers(self, world: worlds.World) -> None:
        (world.fake._folder / "unreachable").touch()
        job = world.jobs().submit(world.pretended())
        (world.fake._folder / "unreachable").unlink()

        world.jobs().reconcile()

        assert job.state == QUEUED
        assert world.store.get(job.id).state == STARTING
        assert len(world.fake.launches) == 1

    def test_loses_no_running_job(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.begin(world.token(job))
        jobs.reconcile()
        (world.fake._folder / "unreachable").touch()

        jobs.reconcile()

        assert jobs.get(job.id).state == RUNNING

    def test_is_not_asked_again_at_every_step(self, world: worlds.World) -> None:
        (world.fake._folder / "unreachable").touch()
        jobs = world.jobs()
        job = jobs.submit(world.pretended())

        for _ in range(5):
            jobs.reconcile()

        assert len(jobs.history(job.id)) == 3

    def test_does_not_keep_other_sites_from_going_on(self, world: worlds.World) -> None:
        (world.fake._folder / "unreachable").touch()
        jobs = world.jobs()
        jobs.submit(world.pretended())

        job = jobs.submit(world.submission())

        assert worlds.final(jobs, job).state == DONE


class TestResults:
    def test_that_are_huge_stay_in_the_run_folder(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        huge = '"' + "x" * reconcile.RESULT_KEPT_BYTES + '"'
        (jobs.run_folder(job.id).path / "result.json").write_text(huge)
        world.fake.end(world.token(job), Reason.FINISHED)

        jobs.reconcile()

        assert jobs.get(job.id).result is None
        assert len(jobs.run_folder(job.id).result()) == reconcile.RESULT_KEPT_BYTES

    def test_that_nobody_can_read_do_not_keep_a_job_from_its_end(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        (jobs.run_folder(job.id).path / "result.json").write_text("{")
        world.fake.end(world.token(job), Reason.FINISHED)

        jobs.reconcile()

        assert (jobs.get(job.id).state, jobs.get(job.id).result) == (DONE, None)


@databases.BOTH
class TestTwoLoopsAtOnce:
    def test_never_launch_a_job_twice(self, world: worlds.World, start: Start) -> None:
        world.fake._slots = 0
        jobs = world.jobs()
        submitted = [jobs.submit(world.pretended()) for _ in range(12)]

        at_once = [start("reconcile_for", "10") for _ in range(3)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0]
        assert sorted(world.fake.launches) == sorted(world.token(job) for job in submitted)
        assert {jobs.get(job.id).attempt for job in submitted} == {1}

    def test_record_an_end_once(self, world: worlds.World, start: Start) -> None:
        jobs = world.jobs()
        submitted = [jobs.submit(world.pretended()) for _ in range(12)]
        for job in submitted:
            world.fake.end(world.token(job), Reason.FINISHED)

        at_once = [start("reconcile_for", "5") for _ in range(3)]

        assert [process.wait(timeout=60) for process in at_once] == [0, 0, 0]
        for job in submitted:
            assert [move.new for move in jobs.history(job.id)] == [QUEUED, STARTING, DONE]


class TestKilled:
    @pytest.mark.parametrize(
        "point",
        [f"{when} {act}" for act in ("add", "claim", "launch", "amend") for when in ("before", "after")],
    )
    def test_anywhere_in_a_submission_it_launches_an_accepted_job_and_only_once(
        self, world: worlds.World, start: Start, point: str
    ) -> None:
        assert start("submit_and_die", point).wait(timeout=60) == -signal.SIGKILL

        after = world.jobs(time_source=worlds.LateClock())
        for _ in range(3):
            after.reconcile()

        accepted = after.find()
        assert len(accepted) == (0 if point == "before add" else 1)
        assert {world.token(job) for job in accepted} == set(world.fake.launches)
        for job in accepted:
            world.fake.end(world.token(job), Reason.FINISHED)
            assert worlds.final(after, job).state == DONE

    @pytest.mark.parametrize("point", ["before add", "after claim", "after launch"])
    def test_anywhere_in_a_submission_it_may_be_repeated_by_its_key(
        self, world: worlds.World, start: Start, point: str
    ) -> None:
        assert start("submit_and_die", point).wait(timeout=60) == -signal.SIGKILL

        job = world.jobs().submit(world.pretended(key="once"))

        assert [found.id for found in world.jobs().find()] == [job.id]

    @databases.BOTH
    @pytest.mark.parametrize("point", ["before running", "after running", "before done", "after done"])
    def test_around_a_move_the_next_step_completes_it(self, world: worlds.World, start: Start, point: str) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())
        world.fake.begin(world.token(job))
        if point.endswith("done"):
            jobs.reconcile()
            world.fake.end(world.token(job), Reason.FINISHED)

        assert start("reconcile_and_die", point).wait(timeout=60) == -signal.SIGKILL
        jobs.reconcile()

        expected = [QUEUED, STARTING, RUNNING] + ([DONE] if point.endswith("done") else [])
        assert [move.new for move in jobs.history(job.id)] == expected
        assert jobs.get(job.id).state == expected[-1]

    def test_between_launch_and_record_a_begun_run_is_found_at_once(self, world: worlds.World, start: Start) -> None:
        assert start("submit_and_die", "after launch").wait(timeout=60) == -signal.SIGKILL
        (job,) = world.jobs().find()
        world.fake.begin(world.token(job))

        for _ in range(2):
            world.jobs().reconcile()

        assert world.jobs().get(job.id).state == RUNNING

    def test_between_claim_and_launch_another_waits_until_it_is_surely_dead(
        self, world: worlds.World, start: Start
    ) -> None:
        assert start("submit_and_die", "after claim").wait(timeout=60) == -signal.SIGKILL

        world.jobs().reconcile()

        (job,) = world.jobs().find()
        assert (job.state, job.handle) == (STARTING, None)
        assert world.fake.launches == ()


class TestAClaimThatWasTakenOver:
    def test_harms_nothing_when_its_first_owner_wakes_up(self, world: worlds.World) -> None:
        late = world.jobs(time_source=worlds.LateClock())

        class Slow(fake.FakeDriver):
            """Takes so long to launch that another process takes over in the meantime."""

            def launch(self, command: driver.Command) -> driver.Handle:
                late.reconcile()
                late.reconcile()
                return super().launch(command)

        jobs = world.jobs(drivers={"fake": Slow(world.state / "fake")}, time_source=clock.SystemClock())

        job = jobs.submit(world.pretended())

        assert job.handle == {"run": world.token(job)}
        assert set(world.fake.launches) == {world.token(job)}
        assert job.state == STARTING


class TestUnknownErrors:
    def test_of_a_driver_at_launch_fail_that_job_only(self, world: worlds.World) -> None:
        class Broken(fake.FakeDriver):
            """Cannot launch."""

            def launch(self, command: driver.Command) -> driver.Handle:
                raise ZeroDivisionError("a bug")

        jobs = world.jobs(drivers={"fake": Broken(world.state / "fake")})

        job = jobs.submit(world.pretended())

        assert (job.state, job.reason, job.message) == (FAILED, Reason.START_FAILED, "a bug")

    def test_of_a_driver_at_a_stop_trouble_no_other_job(self, world: worlds.World) -> None:
        class Broken(fake.FakeDriver):
            """Cannot stop."""

            def stop(self, handle: driver.Handle) -> None:
                raise ZeroDivisionError("a bug")

        jobs = world.jobs(drivers={"fake": Broken(world.state / "fake")})
        first, second = jobs.submit(world.pretended()), jobs.submit(world.pretended())
        world.fake.vanish(world.token(first))
        world.fake.end(world.token(second), Reason.FINISHED)

        jobs.reconcile()

        assert (jobs.get(first.id).state, jobs.get(second.id).state) == (STARTING, DONE)

    def test_of_a_driver_at_a_look_leave_the_record_as_it_is(self, world: worlds.World) -> None:
        class Broken(fake.FakeDriver):
            """Cannot look."""

            def poll(self, handles: object) -> list[driver.Sighting]:
                raise errors.Timeout

        jobs = world.jobs(drivers={"fake": Broken(world.state / "fake")})
        job = jobs.submit(world.pretended())

        jobs.reconcile()

        assert jobs.get(job.id).state == STARTING
