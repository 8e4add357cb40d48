"""Processes are killed at the worst moments, and nothing that was accepted is lost or doubled."""

import concurrent.futures
import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from journeys import programs
from pelagos import environments
from pelagos.module import lock, processes

Start = Callable[[], programs.Program]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def start(state: Path, installed_modules: environments.Environments) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:
        yield lambda: stack.enter_context(programs.running("counting", state, installed_modules.root))


def begun(program: programs.Program, **arguments: object) -> str:
    """Start a training and wait until it has logged something."""
    job = str(program.train(**arguments).body["uuid"])
    programs.until(lambda: program.get(f"/train/{job}/progress").body["metrics"], 20)
    return job


def tree(state: Path, job: str) -> list[processes.Process]:
    """List the supervisor of a stubborn training and all below it, once it has noted them."""
    folder = state / "jobs" / job
    programs.until(lambda: json.loads((folder / "heartbeat").read_text())["processes"] == 2, 10)
    supervisor = processes.find(lock.holder(folder / "lock") or 0)
    assert supervisor is not None
    return [supervisor, *processes.descendants(supervisor.pid)]


def left(members: list[processes.Process]) -> list[int]:
    """List which of some processes still live."""
    now = {(process.pid, process.start) for process in processes.everybody() if process.state not in "ZX"}
    return [process.pid for process in members if (process.pid, process.start) in now]


class TestServerKilled:
    def test_leaves_the_training_running_and_shows_it_again_at_once(self, start: Start) -> None:
        first = start()
        job = begun(first, epochs=60, delay_s=0.1)

        first.process.kill()
        first.process.wait()
        began = time.monotonic()
        second = start()
        programs.until(lambda: second.get(f"/train/{job}/progress").body["state"] == "running", 3)

        assert time.monotonic() - began < 3

    def test_leaves_no_gap_in_the_metrics(self, start: Start) -> None:
        first = start()
        job = begun(first, epochs=40, delay_s=0.05)

        first.process.kill()
        first.process.wait()
        second = start()
        programs.until(lambda: second.get(f"/train/{job}").body["status"] == "done", 30)

        rows = second.get(f"/train/{job}/progress").body["metrics"]
        assert [row["step"] for row in rows] == list(range(1, 41))

    def test_keeps_the_history_and_the_model(self, start: Start) -> None:
        first = start()
        job = begun(first, epochs=2)
        programs.until(lambda: first.get(f"/train/{job}").body["status"] == "done", 20)

        first.process.kill()
        first.process.wait()
        second = start()

        assert [record["uuid"] for record in second.get("/train/").body] == [job]
        assert second.predict({}, values="1", model=job).body["predictions"] == {"total": 3.0, "model": job}

    def test_does_not_start_a_training_twice(self, start: Start, state: Path) -> None:
        first = start()
        job = begun(first, epochs=80, delay_s=0.1)
        supervisor = lock.holder(state / "jobs" / job / "lock")

        first.process.kill()
        first.process.wait()
        second = start()
        programs.until(lambda: second.get(f"/train/{job}/progress").body["state"] == "running", 3)

        assert lock.holder(state / "jobs" / job / "lock") == supervisor


class TestSupervisorKilled:
    def test_is_noticed_and_leaves_no_process(self, start: Start, state: Path) -> None:
        program = start()
        job = begun(program, epochs=1000, delay_s=0.1, stubborn=True)
        members = tree(state, job)

        os.kill(members[0].pid, signal.SIGKILL)

        programs.until(lambda: program.get(f"/train/{job}/progress").body["state"] == "lost", 15)
        assert left(members) == []
        assert program.get(f"/train/{job}").body["status"] == "error"


class TestDelete:
    def test_ends_a_whole_tree_that_refuses_to_end(self, start: Start, state: Path) -> None:
        program = start()
        job = begun(program, epochs=1000, delay_s=0.1, stubborn=True)
        members = tree(state, job)

        began = time.monotonic()
        answer = program.delete(f"/train/{job}")

        assert (answer.status, answer.body["status"]) == (200, "cancelled")
        assert time.monotonic() - began < 5
        # Only the supervisor may outlive the answer, for as long as an interpreter takes to leave.
        assert {*left(members)} <= {members[0].pid}
        programs.until(lambda: not left(members), 5)

    def test_keeps_the_record_of_what_was_cancelled(self, start: Start) -> None:
        program = start()
        job = begun(program, epochs=1000, delay_s=0.1)

        program.delete(f"/train/{job}")

        assert program.get(f"/train/{job}").body["status"] == "cancelled"


class TestIdempotencyKey:
    def test_makes_one_job_of_twenty_posts_at_once(self, start: Start) -> None:
        program = start()

        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda _: program.train(key="the-same", epochs=2), range(20)))

        assert {answer.status for answer in answers} == {200}
        assert len({answer.body["uuid"] for answer in answers}) == 1
        assert len(program.get("/train/").body) == 1
