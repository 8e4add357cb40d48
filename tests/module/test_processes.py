"""The process table, looked at with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

import waiting
from pelagos.module import processes

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that carries a token and a name that is hard to read."""
    process = subprocess.Popen(SLEEP, env={**os.environ, "PELAGOS_RUN": f"token-{os.getpid()}"})
    yield process
    process.kill()
    process.wait()


class TestFind:
    def test_tells_of_a_process(self, sleeper: subprocess.Popen[bytes]) -> None:
        found = processes.find(sleeper.pid)

        assert found is not None
        assert (found.pid, found.parent) == (sleeper.pid, os.getpid())
        assert found.rss > 100_000

    def test_reads_a_name_that_looks_like_fields(self) -> None:
        script = "import ctypes, sys; ctypes.CDLL(None).prctl(15, b') R 1 (x'); print(flush=True); sys.stdin.read()"
        command = [sys.executable, "-c", script]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()

            found = processes.find(process.pid)
            process.kill()

        assert found is not None
        assert found.parent == os.getpid()

    def test_gives_none_for_a_process_that_is_gone(self, sleeper: subprocess.Popen[bytes]) -> None:
        sleeper.kill()
        sleeper.wait()

        assert processes.find(sleeper.pid) is None


class TestDescendants:
    def test_are_children_and_their_children(self) -> None:
        nested = f"import subprocess; subprocess.run({SLEEP!r})"
        with subprocess.Popen([sys.executable, "-c", nested]) as parent:
            found = waiting.until(lambda: len(processes.descendants(parent.pid)) == 1)
            ours = {process.pid for process in processes.descendants(os.getpid())}
            (child,) = processes.descendants(parent.pid)
            processes.end([child])
            parent.wait()

        assert found
        assert {parent.pid, child.pid} <= ours

    def test_are_only_the_living(self, sleeper: subprocess.Popen[bytes]) -> None:
        sleeper.kill()
        os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)

        assert sleeper.pid not in {process.pid for process in processes.descendants(os.getpid())}


class TestInherited:
    def test_leaves_out_what_opens_something_of_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_DATABASE", "postgresql://ada:secret@localhost/records")
        monkeypatch.setenv("PELAGOS_TOKEN", "secret")
        monkeypatch.setenv("PELAGOS_THREADS", "2")

        inherited = processes.inherited()

        assert inherited["PELAGOS_THREADS"] == "2"
        assert processes.SECRET_VARIABLES.isdisjoint(inherited)


class TestOfRun:
    def test_finds_processes_by_their_token(self, sleeper: subprocess.Popen[bytes]) -> None:
        assert waiting.until(
            lambda: [process.pid for process in processes.of_run(f"token-{os.getpid()}")] == [sleeper.pid]
        )

    def test_may_include_what_has_no_variables_yet(self) -> None:
        with subprocess.Popen(["/bin/sleep", "600"], env={}) as bare:
            found = processes.of_run("token", or_starting=True)
            sure = processes.of_run("token")
            bare.kill()

        assert (bare.pid in {process.pid for process in found}, sure) == (True, [])

    def test_takes_nothing_old_for_what_has_no_variables_yet(self) -> None:
        with subprocess.Popen(["/bin/sleep", "600"], env={}) as bare:
            grown = waiting.until(lambda: processes.of_run("token", or_starting=True) == [])
            bare.kill()

        assert grown

    def test_takes_no_part_of_a_token_for_it(self, sleeper: subprocess.Popen[bytes]) -> None:
        assert processes.of_run("token") == []


class TestSurvivors:
    def test_are_those_that_were_noted(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None

        note = json.loads(json.dumps(processes.noted([seen])))

        assert [process.pid for process in processes.survivors(note)] == [sleeper.pid]

    def test_are_what_they_have_started_since_too(self) -> None:
        nested = f"import subprocess; subprocess.run({SLEEP!r})"
        with subprocess.Popen([sys.executable, "-c", nested]) as parent:
            seen = processes.find(parent.pid)
            assert seen is not None
            note = processes.noted([seen])
            found = waiting.until(lambda: len(processes.survivors(note)) == 2)
            processes.end(processes.survivors(note))

        assert found

    @pytest.mark.parametrize("change", [{"start": 1}, {"boot": "another"}], ids=["number taken over", "restarted"])
    def test_are_none_that_only_have_the_number(self, sleeper: subprocess.Popen[bytes], change: dict[str, Any]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None
        note = processes.noted([seen._replace(start=change.get("start", seen.start))])

        assert processes.survivors({**note, **change}) == []

    def test_are_none_of_a_note_from_before_there_were_any(self) -> None:
        assert processes.survivors({"processes": 1}) == []


class TestSend:
    def test_reaches_the_process_that_was_seen(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None

        processes.send([seen], signal.SIGTERM)

        assert sleeper.wait(timeout=10) == -signal.SIGTERM

    def test_spares_a_process_that_took_over_the_number(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None

        processes.end([seen._replace(start=seen.start - 1)])
        processes.send([seen], signal.SIGTERM)

        assert sleeper.wait(timeout=10) == -signal.SIGTERM

    def test_is_silent_for_one_that_is_gone(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None
        sleeper.kill()
        sleeper.wait()

        processes.send([seen], signal.SIGTERM)

        assert processes.find(sleeper.pid) is None


class TestProportionalBytes:
    def test_is_no_more_than_what_is_resident(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None

        exact = processes.proportional_bytes([seen])

        assert 0 < exact <= max(seen.rss, processes.find(sleeper.pid).rss) * 1.1  # type: ignore[union-attr]

    def test_falls_back_to_what_was_seen(self, sleeper: subprocess.Popen[bytes]) -> None:
        seen = processes.find(sleeper.pid)
        assert seen is not None
        sleeper.kill()
        sleeper.wait()

        assert processes.proportional_bytes([seen]) == seen.rss
