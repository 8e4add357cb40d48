"""The first worker is started before the server, and goes with it."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

import pytest

from pelagos.runtime import ahead, calls, pool, scratch
from runtime.conftest import FAST, Make, run, until


class TestStarted:
    def test_is_the_first_worker_of_a_pool(self, code: Make) -> None:
        async def body() -> None:
            with ahead.started(code("Odd"), workers=1) as first:
                assert first is not None
                async with pool.Pool(code("Odd"), FAST, ahead=first, on_log=lambda _: None) as workers:
                    reply = await workers.predict({})

                    assert workers.pids == [first.popen.pid]
                    assert not isinstance(reply.body, calls.Stream)
                    assert json.loads(bytes(reply.body))["predictions"]["pid"] == first.popen.pid
            assert first.popen.returncode == 0

        run(body)

    def test_is_replaced_when_it_dies(self, code: Make) -> None:
        async def body() -> None:
            with ahead.started(code("Odd"), workers=1) as first:
                assert first is not None
                async with pool.Pool(code("Odd"), FAST, ahead=first, on_log=lambda _: None) as workers:
                    first.kill()
                    await until(lambda: workers.pids not in ([], [first.popen.pid]))

                    assert workers.restarts == 1
                    await workers.predict({})

        run(body)

    def test_ends_with_the_block_when_no_pool_takes_it(self, code: Make, folder: Path) -> None:
        with contextlib.suppress(ZeroDivisionError), ahead.started(code("Odd"), workers=1) as first:
            assert first is not None
            raise ZeroDivisionError

        assert first.popen.returncode is not None
        assert not list(folder.iterdir())

    def test_is_none_when_it_cannot_be_started(self, code: Make, folder: Path) -> None:
        with ahead.started(code("Odd", cwd=Path("/no/such/folder")), workers=1) as first:
            assert first is None

        assert not list(folder.iterdir())

    def test_has_its_part_of_the_cores(self, code: Make) -> None:
        with ahead.started(code("Odd"), workers=len(os.sched_getaffinity(0))) as first:
            assert first is not None
            environment = Path(f"/proc/{first.popen.pid}/environ").read_bytes().split(b"\0")

        assert b"OMP_NUM_THREADS=1" in environment


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    return tmp_path
