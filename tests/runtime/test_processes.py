"""A process with a log and a group of its own."""

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import waiting
from pelagos.runtime import processes
from runtime.conftest import run, until


class Seen:
    def __init__(self) -> None:
        self.log = b""
        self.reason = ""
        self.started: processes.Started
        self.process: processes.Process

    def take(self, text: bytes) -> None:
        self.log += text

    def end(self, reason: str) -> None:
        self.reason = reason


def started(source: str) -> processes.Started:
    return processes.Started(
        [sys.executable, "-c", source],
        environment={"PYTHONUNBUFFERED": "1"},
        folder=None,
        scratch=Path(tempfile.gettempdir()),
    )


@contextlib.asynccontextmanager
async def running(source: str) -> AsyncIterator[Seen]:
    seen = Seen()
    seen.started = started(source)
    seen.process = processes.Process(seen.started, on_log=seen.take, on_end=seen.end)
    try:
        yield seen
    finally:
        if seen.process.running:
            seen.process.kill("the test is over")
        await until(lambda: seen.reason)


class TestStarted:
    def test_ends_with_its_children_and_its_files(self) -> None:
        process = started("import subprocess as s; print(s.Popen(['sleep', '100']).pid, flush=True); s.time.sleep(100)")
        child = int(os.read(process.log, 100))

        process.end()

        assert process.popen.returncode is not None
        assert not process.temporary.exists()
        waiting.until(lambda: not processes_of(child))

    def test_is_left_alone_once_its_end_was_seen(self) -> None:
        async def body() -> None:
            async with running("") as seen:
                await until(lambda: seen.reason)

                seen.started.end()

                assert seen.reason == "it ended with exit code 0"

        run(body)

    def test_gives_everything_back_when_it_cannot_be_started(self, tmp_path: Path) -> None:
        with pytest.raises(OSError, match="no/such"):
            processes.Started(["no/such"], environment={}, folder=None, scratch=tmp_path)

        assert list(tmp_path.iterdir()) == []


class TestProcess:
    def test_gives_its_log_to_the_last_byte(self) -> None:
        async def body() -> None:
            async with running("print('a'); print('é' * 10_000); print('no newline', end='')") as seen:
                await until(lambda: seen.reason)

                assert seen.log == b"a\n" + "é".encode() * 10_000 + b"\nno newline\n"
                assert seen.reason == "it ended with exit code 0"

        run(body)

    def test_takes_its_children_along(self) -> None:
        async def body() -> None:
            source = "import subprocess as s; print(s.Popen(['sleep', '100']).pid, flush=True); s.sys.exit(5)"
            async with running(source) as seen:
                await until(lambda: seen.reason)

                assert seen.reason == "it ended with exit code 5"
                await until(lambda: not processes_of(int(seen.log)))

        run(body)

    def test_tells_why_it_was_killed(self) -> None:
        async def body() -> None:
            async with running("import time; time.sleep(100)") as seen:
                seen.process.kill("it was too slow")
                await until(lambda: seen.reason)

                assert seen.reason == "it was too slow"
                assert not seen.started.temporary.exists()

        run(body)

    def test_does_not_keep_the_event_loop_busy_after_its_log_is_closed(self) -> None:
        async def body() -> None:
            async with running("import os, time; os.close(1); os.close(2); time.sleep(100)") as seen:
                loop, turns = asyncio.get_running_loop(), 0
                end = loop.time() + 0.3
                while loop.time() < end:
                    await asyncio.sleep(0.02)
                    turns += 1

                assert turns >= 5
                assert seen.process.running

        run(body)


def processes_of(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().split()[2] not in "ZX"
    return False


class TestEnding:
    @pytest.mark.parametrize(
        ("code", "out_of_memory", "reason"),
        [
            (3, False, "it ended with exit code 3"),
            (-11, False, "it was killed by SIGSEGV"),
            (-9, False, "it was killed by SIGKILL"),
            (-9, True, "it was killed because the machine ran out of memory"),
            (-15, True, "it was killed by SIGTERM"),
        ],
    )
    def test_is_told_in_words(self, code: int, out_of_memory: bool, reason: str) -> None:
        assert processes.ending(code, out_of_memory=out_of_memory) == reason
