"""The door of the room, with real runs on this machine."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import databases
import waiting
from jobs import world as worlds
from jobs.conftest import Start
from pelagos.domain import errors, records, resources, states
from pelagos.module import lock, processes
from pelagos.sites import driver, fake

QUEUED, STARTING, RUNNING = states.State.QUEUED, states.State.STARTING, states.State.RUNNING
DONE, FAILED, CANCELLED, LOST = states.State.DONE, states.State.FAILED, states.State.CANCELLED, states.State.LOST
Reason = states.Reason


class TestSubmit:
    def test_runs_a_training_to_its_end(self, world: worlds.World) -> None:
        jobs = world.jobs()

        job = worlds.final(jobs, jobs.submit(world.submission(arguments={"steps": 3})))

        assert (job.state, job.reason, job.message) == (DONE, Reason.FINISHED, "")
        assert job.result == {"steps": 3, "nan": None}
        assert job.arguments == {"steps": 3}
        assert job.started is not None
        assert job.finished is not None
        assert job.created <= job.started <= job.finished

    def test_launches_at_once(self, world: worlds.World) -> None:
        jobs = world.jobs()

        job = jobs.submit(world.submission())

        assert job.state == STARTING
        assert job.handle is not None
        waiting.until(lambda: jobs.run_folder(job.id).ended)

    def test_is_one_job_for_one_key(self, world: worlds.World) -> None:
        jobs = world.jobs()
        first = jobs.submit(world.pretended(key="once"))

        second = jobs.submit(world.pretended(key="once", arguments={"other": 1}))

        assert second.id == first.id
        assert jobs.count() == 1
        assert len(list((world.state / "jobs").iterdir())) == 1

    def test_is_another_job_for_the_same_key_of_another_module(self, world: worlds.World) -> None:
        jobs = world.jobs()
        jobs.submit(world.pretended(key="once"))

        jobs.submit(world.pretended(key="once", kind=records.Kind.BATCH_PREDICTION))

        assert jobs.count() == 2

    @databases.BOTH
    def test_is_one_job_for_twenty_posts_from_four_processes(self, world: worlds.World, start: Start) -> None:
        at_once = [start("submit_many", "Steps", "the-key", "5") for _ in range(4)]

        ids = [line for process in at_once for line in process.communicate(timeout=60)[0].split()]

        jobs = world.jobs()
        assert len(ids) == 20
        assert len(set(ids)) == 1
        assert jobs.count() == 1
        job = worlds.final(jobs, jobs.get(ids[0]))
        assert job.state == DONE
        assert job.attempt == 1
        assert jobs.run_folder(job.id).log().data == b"step 0\nstep 1\n"
        assert [path.name for path in (world.state / "jobs").iterdir()] == [job.id]

    def test_moves_uploads_into_the_run_folder(self, world: worlds.World, tmp_path: Path) -> None:
        (tmp_path / "spooled").write_text("from disk")
        uploads = {"disk": tmp_path / "spooled", "../memory": b"from memory"}
        document = {"name": "a.txt", "content_type": "text/plain", "path": "disk"}
        other = {"name": "b.txt", "content_type": "text/plain", "path": "../memory"}
        jobs = world.jobs()

        job = jobs.submit(
            world.submission(
                "Surroundings", arguments={"document": {"$file": document}, "many": [{"$file": other}]}, files=uploads
            )
        )

        assert not (tmp_path / "spooled").exists()
        assert worlds.final(jobs, job).result["document"] == ["a.txt", "text/plain", "from disk"]
        inputs = sorted(path.read_text() for path in jobs.run_folder(job.id).inputs.iterdir())
        assert inputs == ["from disk", "from memory"]
        kept = job.arguments["document"]["$file"]["path"]
        assert Path(kept).is_relative_to(jobs.run_folder(job.id).inputs)

    def test_uses_other_files_where_they_are(self, world: worlds.World, tmp_path: Path) -> None:
        (tmp_path / "mine").write_text("hello")
        document = {"name": "mine", "content_type": "", "path": str(tmp_path / "mine")}
        jobs = world.jobs()

        job = jobs.submit(world.submission("Surroundings", arguments={"document": {"$file": document}}))

        assert worlds.final(jobs, job).result["document"][2] == "hello"
        assert (tmp_path / "mine").exists()

    def test_keeps_the_run_folder_from_other_peoples_eyes(self, world: worlds.World) -> None:
        jobs = world.jobs()

        job = jobs.submit(world.pretended())

        assert jobs.run_folder(job.id).path.stat().st_mode & 0o077 == 0

    def test_takes_the_id_that_the_caller_chose_once(self, world: worlds.World) -> None:
        jobs = world.jobs()
        jobs.submit(world.pretended(id="a" * 32))

        with pytest.raises(errors.Conflict):
            jobs.submit(world.pretended(id="a" * 32))

        assert jobs.get("a" * 32).state == STARTING
        assert jobs.run_folder("a" * 32).spec() is not None
        assert len(list((world.state / "jobs").iterdir())) == 1

    @pytest.mark.parametrize("chosen", ["../../etc", "A" * 32, "a" * 31, ""])
    def test_refuses_what_is_no_id(self, world: worlds.World, chosen: str) -> None:
        with pytest.raises(errors.InvalidInput, match="hexadecimal"):
            world.jobs().submit(world.pretended(id=chosen))

    def test_refuses_a_key_that_is_too_long(self, world: worlds.World) -> None:
        with pytest.raises(errors.InvalidInput, match="key: has 201 characters"):
            world.jobs().submit(world.pretended(key="k" * 201))

    def test_leaves_nothing_behind_when_an_upload_is_missing(self, world: worlds.World, tmp_path: Path) -> None:
        jobs = world.jobs()

        with pytest.raises(errors.Unavailable, match="could not be stored"):
            jobs.submit(world.pretended(files={"disk": tmp_path / "nothing"}))

        assert jobs.count() == 0
        assert list((world.state / "jobs").iterdir()) == []

    def test_refuses_a_site_that_is_not_there(self, world: worlds.World) -> None:
        with pytest.raises(errors.InvalidInput, match="site: 'moon' is none of: fake, local"):
            world.jobs().submit(world.submission(site="moon"))

    def test_fails_a_job_that_asks_for_more_than_there_is(self, world: worlds.World) -> None:
        jobs = world.jobs()

        job = jobs.submit(world.submission(resources=resources.Resources(cpus=10**6)))

        assert (job.state, job.reason) == (FAILED, Reason.NO_CAPACITY)
        assert "1000000 cores" in job.message

    def test_fails_a_job_whose_interpreter_is_gone(self, world: worlds.World) -> None:
        wanted = world.submission()
        gone = wanted.module.__class__(**{**vars(wanted.module), "python": Path("/nowhere/python")})
        jobs = world.jobs()

        job = jobs.submit(world.submission(module=gone))

        assert (job.state, job.reason) == (FAILED, Reason.START_FAILED)
        assert "/nowhere/python" in job.message

    def test_fails_a_job_whose_supervisor_cannot_be_imported_and_says_why(self, world: worlds.World) -> None:
        (world.code / "pelagos").unlink()
        (world.code / "pelagos").mkdir()
        (world.code / "pelagos" / "__init__.py").write_text("raise ImportError('a broken installation')")
        jobs = world.jobs()

        job = worlds.final(jobs, jobs.submit(world.submission()))

        assert (job.state, job.reason) == (FAILED, Reason.START_FAILED)
        assert job.message == "ImportError: a broken installation"


class TestTheQueue:
    def test_runs_no_more_at_once_than_the_site_has_slots(self, world: worlds.World) -> None:
        jobs = world.jobs()

        submitted = [jobs.submit(world.submission("Endless")) for _ in range(3)]

        assert [job.state for job in submitted] == [STARTING, STARTING, QUEUED]

    def test_starts_the_next_when_one_ends(self, world: worlds.World) -> None:
        jobs = world.jobs()
        first, _, queued = [jobs.submit(world.submission("Endless")) for _ in range(3)]
        worlds.running(jobs, first)

        jobs.cancel(first.id)
        jobs.reconcile()

        assert jobs.get(queued.id).state in (STARTING, RUNNING)

    def test_tells_how_a_job_ended_that_the_module_ended_badly(self, world: worlds.World) -> None:
        jobs = world.jobs()

        job = worlds.final(jobs, jobs.submit(world.submission("Raises", arguments={"how": "error"})))

        assert (job.state, job.reason) == (FAILED, Reason.MODULE_ERROR)
        assert job.message == "RuntimeError: the weights are upside down"
        assert job.result is None


class TestCancel:
    def test_ends_a_running_job(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless")))

        cancelled = jobs.cancel(job.id)

        assert (cancelled.state, cancelled.reason) == (CANCELLED, Reason.CANCELLED_BY_USER)
        assert world.left_of(job) == []

    def test_ends_a_tree_that_ignores_sigterm_and_forks_twice_within_five_seconds(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless", arguments={"how": "stubborn"})))
        supervisor = lock.holder(jobs.run_folder(job.id).path / "lock")
        assert supervisor is not None
        tree = waiting.until(lambda: (found := processes.descendants(supervisor)) and len(found) == 3 and found)
        asked = time.monotonic()

        cancelled = jobs.cancel(job.id)

        assert time.monotonic() - asked < 5
        assert cancelled.state == CANCELLED
        assert not any(worlds.alive(process) for process in tree)

    def test_takes_a_queued_job_out_of_the_queue(self, world: worlds.World) -> None:
        world.fake._slots = 0
        jobs = world.jobs()
        job = jobs.submit(world.pretended())

        cancelled = jobs.cancel(job.id)

        assert (job.state, cancelled.state) == (QUEUED, CANCELLED)
        assert world.fake.launches == ()

    def test_ends_a_job_that_is_just_starting(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.submission("Endless"))

        cancelled = jobs.cancel(job.id)

        assert cancelled.state == CANCELLED
        assert world.left_of(job) == []

    def test_leaves_a_job_as_it_is_that_has_ended(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.final(jobs, jobs.submit(world.submission()))

        assert jobs.cancel(job.id) == job
        assert jobs.cancel(job.id) == job

    def test_kills_a_supervisor_that_does_not_obey(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless", arguments={"how": "family"})))
        supervisor = lock.holder(jobs.run_folder(job.id).path / "lock")
        assert supervisor is not None
        os.kill(supervisor, signal.SIGSTOP)

        cancelled = jobs.cancel(job.id)

        assert cancelled.state == CANCELLED
        assert world.left_of(job) == []

    def test_is_not_forgotten_when_the_server_dies(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless")))

        jobs.run_folder(job.id).ask_cancel()

        assert worlds.final(world.jobs(), job).state == CANCELLED

    def test_of_a_job_nobody_knows_is_not_found(self, world: worlds.World) -> None:
        with pytest.raises(errors.NotFound):
            world.jobs().cancel("0" * 32)


class TestDelete:
    def test_removes_the_files_and_keeps_record_and_history(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.final(jobs, jobs.submit(world.submission()))

        deleted = jobs.delete(job.id)

        assert deleted.deleted is not None
        assert not jobs.run_folder(job.id).path.exists()
        assert jobs.get(job.id) == deleted
        assert [move.new for move in jobs.history(job.id)][-1] == DONE
        assert jobs.find() == ()
        assert [found.id for found in jobs.find(deleted=True)] == [job.id]
        assert jobs.models("behaviours") == ()

    def test_may_be_called_twice(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.final(jobs, jobs.submit(world.submission()))

        assert jobs.delete(job.id) == jobs.delete(job.id)

    def test_of_a_job_that_has_not_ended_is_a_conflict(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = jobs.submit(world.pretended())

        with pytest.raises(errors.Conflict, match="is starting") as refused:
            jobs.delete(job.id)

        assert refused.value.hint == "Cancel it first."
        assert jobs.run_folder(job.id).path.exists()


class TestSweep:
    def test_finishes_a_deletion_that_was_interrupted(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.final(jobs, jobs.submit(world.submission()))
        jobs.delete(job.id)
        jobs.run_folder(job.id).path.mkdir()

        jobs.sweep()

        assert not jobs.run_folder(job.id).path.exists()

    def test_removes_old_folders_that_never_got_a_record(self, world: worlds.World) -> None:
        jobs = world.jobs()
        kept = jobs.submit(world.pretended())
        old, young = world.state / "jobs" / ".new-old", world.state / "jobs" / ".new-young"
        for orphan in (old, young):
            orphan.mkdir()
        for ancient in (old, jobs.run_folder(kept.id).path):
            os.utime(ancient, (0, 0))

        jobs.sweep()

        assert {path.name for path in (world.state / "jobs").iterdir()} == {kept.id, young.name}


class TestModels:
    def test_are_the_finished_trainings_that_left_one_newest_first(self, world: worlds.World) -> None:
        jobs = world.jobs()
        first = worlds.final(jobs, jobs.submit(world.submission()))
        second = worlds.final(jobs, jobs.submit(world.submission()))
        worlds.final(jobs, jobs.submit(world.submission("Surroundings")))
        worlds.final(jobs, jobs.submit(world.submission("Raises", arguments={"how": "error"})))

        models = jobs.models("behaviours")

        assert [job.id for job in models] == [second.id, first.id]
        assert (jobs.run_folder(first.id).model / "weights").exists()
        assert jobs.models("other") == ()


class TestRunFolder:
    @pytest.mark.parametrize("strange", ["../secrets", "..", "", "x" * 32, "a/b"])
    def test_leads_nowhere_else(self, world: worlds.World, strange: str) -> None:
        with pytest.raises(errors.NotFound):
            world.jobs().run_folder(strange)


class TestAdoption:
    def test_shows_a_running_job_as_running_at_the_first_look(
        self, world: worlds.World, start: Start, tmp_path: Path
    ) -> None:
        server = start("serve")
        job = world.jobs().submit(world.submission(arguments={"steps": 20, "gate": str(tmp_path / "gate")}))
        waiting.until(lambda: world.jobs().get(job.id).state == RUNNING)
        server.kill()
        server.wait()

        after = world.jobs()
        after.reconcile()

        assert after.get(job.id).state == RUNNING
        (tmp_path / "gate").touch()
        ended = worlds.final(after, job)
        assert ended.state == DONE
        rows, _ = after.run_folder(job.id).metrics()
        assert [row["step"] for row in rows] == list(range(20))

    def test_records_what_ended_while_nobody_looked(self, world: worlds.World, start: Start) -> None:
        job = world.jobs().submit(world.submission())
        waiting.until(lambda: world.jobs().run_folder(job.id).ended)

        after = world.jobs()
        after.reconcile()

        assert after.get(job.id).state == DONE
        assert [move.new for move in after.history(job.id)] == [QUEUED, STARTING, DONE]


class TestALostSupervisor:
    def test_is_recorded_and_nothing_of_it_is_left(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless", arguments={"how": "family"})))
        supervisor = lock.holder(jobs.run_folder(job.id).path / "lock")
        assert supervisor is not None
        killed = time.monotonic()
        os.kill(supervisor, signal.SIGKILL)

        lost = worlds.final(jobs, job, within_s=15)

        assert time.monotonic() - killed < 15
        assert (lost.state, lost.reason) == (LOST, Reason.SITE_LOST)
        assert lost.message == states.ENDINGS[Reason.SITE_LOST].text
        assert world.left_of(job) == []

    def test_takes_along_what_dropped_its_parent_and_its_variables(self, world: worlds.World) -> None:
        jobs = world.jobs()
        job = worlds.running(jobs, jobs.submit(world.submission("Endless", arguments={"how": "stubborn"})))
        supervisor = lock.holder(jobs.run_folder(job.id).path / "lock")
        assert supervisor is not None
        waiting.until(lambda: (jobs.run_folder(job.id).heartbeat() or {}).get("processes") == 3)
        tree = processes.descendants(supervisor)

        try:
            os.kill(supervisor, signal.SIGKILL)

            lost = worlds.final(jobs, job, within_s=15)
            assert (lost.state, len(tree)) == (LOST, 3)
            assert not any(worlds.alive(process) for process in tree)
        finally:
            processes.end(tree)


class BeginsLate(fake.FakeDriver):
    """Its runs begin the moment after it has looked at them."""

    def __init__(self, folder: Path, runs: Path) -> None:
        super().__init__(folder)
        self._runs = runs

    def poll(self, handles: Sequence[driver.Handle]) -> Sequence[driver.Sighting]:
        sightings = super().poll(handles)
        for place in self._runs.iterdir():
            (place / "started").touch()
        return sightings


class TestNews:
    def test_includes_what_happens_while_the_site_is_looked_at(self, world: worlds.World, tmp_path: Path) -> None:
        jobs = world.jobs(drivers={"fake": BeginsLate(tmp_path / "late", world.state / "jobs")})
        jobs.submit(world.pretended())

        jobs.reconcile()

        assert jobs.news()

    def test_ends_when_nothing_more_happens(self, world: worlds.World) -> None:
        jobs = world.jobs()
        jobs.submit(world.pretended())

        jobs.reconcile()
        jobs.reconcile()

        assert not jobs.news()
