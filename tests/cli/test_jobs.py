from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Pelagos = Callable[..., Any]
pytestmark = pytest.mark.heavy


@pytest.fixture
def done(pelagos: Pelagos) -> str:
    """The uuid of a finished training."""
    uuid: str = pelagos("train", "counting", "--epochs", "2", "--json").json["uuid"]
    return uuid


@pytest.fixture
def running(pelagos: Pelagos) -> str:
    """The uuid of a training that goes on for long."""
    uuid: str = pelagos("train", "counting", "--epochs", "1000", "--delay-s", "0.05", "--detach").out.strip()
    return uuid


class TestList:
    def test_is_empty_at_first(self, pelagos: Pelagos) -> None:
        ran = pelagos("jobs", "list")

        assert (ran.code, ran.out) == (0, "")
        assert "There are no jobs." in ran.err

    def test_shows_the_newest_first(self, pelagos: Pelagos, done: str) -> None:
        failed = pelagos("train", "counting", "--fail", "--json").json["uuid"]

        lines = pelagos("jobs", "list").out.splitlines()

        assert [line.split()[0] for line in lines] == ["UUID", failed, done]
        assert "RuntimeError: asked to fail" in lines[1]

    @pytest.mark.parametrize(
        ("words", "count"),
        [(["--state", "done"], 1), (["--state", "failed"], 0), (["--module", "trivial"], 0), (["--limit", "0"], 0)],
    )
    def test_can_be_narrowed(self, pelagos: Pelagos, done: str, words: list[str], count: int) -> None:
        assert len(pelagos("jobs", "list", "--json", *words).json) == count

    def test_refuses_a_state_that_is_none(self, pelagos: Pelagos) -> None:
        assert pelagos("jobs", "list", "--state", "sleeping").code == 2


class TestShow:
    def test_gives_everything(self, pelagos: Pelagos, done: str) -> None:
        shown = pelagos("jobs", "show", done, "--json").json

        assert (shown["state"], shown["reason"], shown["result"]["epochs"]) == ("done", "finished", 2)
        assert shown["history"][0]["new"] == "queued"

    @pytest.mark.parametrize("shorten", [lambda uuid: uuid[:6], lambda uuid: f"{uuid[:8]}-{uuid[8:12]}", str.upper])
    def test_knows_a_job_by_the_beginning(self, pelagos: Pelagos, done: str, shorten: Callable[[str], str]) -> None:
        assert f"uuid       {done}" in pelagos("jobs", "show", shorten(done)).out

    @pytest.mark.parametrize("uuid", ["zzz", "0" * 32])
    def test_does_not_know_others(self, pelagos: Pelagos, uuid: str) -> None:
        assert pelagos("jobs", "show", uuid).code == 1


class TestLogs:
    def test_prints_what_the_module_printed(self, pelagos: Pelagos, done: str) -> None:
        assert pelagos("jobs", "logs", done).out == "epoch 1 of 2\nepoch 2 of 2\n"

    def test_prints_the_end_only(self, pelagos: Pelagos, done: str) -> None:
        assert pelagos("jobs", "logs", done, "--lines", "1").out == "epoch 2 of 2\n"

    def test_follows_to_the_end(self, pelagos: Pelagos) -> None:
        words = ("--epochs", "5", "--delay-s", "0.1", "--detach")
        uuid = pelagos("train", "counting", *words).out.strip()

        ran = pelagos("jobs", "logs", "-f", uuid)

        assert ran.out.splitlines() == [f"epoch {number} of 5" for number in range(1, 6)]

    def test_gives_json(self, pelagos: Pelagos, done: str) -> None:
        assert pelagos("jobs", "logs", done, "--json").json["log"].startswith("epoch 1")


class TestCancel:
    def test_ends_a_job(self, pelagos: Pelagos, running: str) -> None:
        ran = pelagos("jobs", "cancel", running)

        assert (ran.code, ran.out) == (0, f"{running} is cancelled\n")
        assert pelagos("jobs", "show", running, "--json").json["reason"] == "cancelled_by_user"

    def test_leaves_what_has_ended(self, pelagos: Pelagos, done: str) -> None:
        assert pelagos("jobs", "cancel", done, "--json").json[0]["state"] == "done"


class TestDelete:
    def test_removes_the_files_and_keeps_the_record(self, pelagos: Pelagos, done: str, state: Path) -> None:
        ran = pelagos("jobs", "delete", done)

        assert (ran.code, ran.out) == (0, f"{done} is deleted\n")
        assert not (state / "jobs" / done).exists()
        assert pelagos("jobs", "list", "--json").json == []
        assert [job["uuid"] for job in pelagos("jobs", "list", "--all", "--json").json] == [done]

    def test_refuses_what_runs(self, pelagos: Pelagos, running: str) -> None:
        ran = pelagos("jobs", "delete", running)
        pelagos("jobs", "cancel", running)

        assert ran.code == 1
        assert "Cancel it first" in ran.err
