"""The lock that says a run is alive, between real processes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pelagos.module import lock

HOLD = "import sys; from pelagos.module import lock; print(lock.hold(sys.argv[1]), flush=True); sys.stdin.read()"


def holding(path: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until its input ends."""
    command = [sys.executable, "-c", HOLD, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


class TestHolder:
    def test_is_nobody_when_there_is_no_file(self, tmp_path: Path) -> None:
        assert lock.holder(tmp_path / "lock") is None

    def test_is_the_process_that_took_it_until_that_ends(self, tmp_path: Path) -> None:
        with holding(tmp_path / "lock") as process:
            during = lock.holder(tmp_path / "lock")
            process.kill()
            process.wait()

        assert during == process.pid
        assert lock.holder(tmp_path / "lock") is None

    def test_is_not_disturbed_by_being_asked_for(self, tmp_path: Path) -> None:
        with holding(tmp_path / "lock") as process:
            lock.holder(tmp_path / "lock")

            assert lock.holder(tmp_path / "lock") == process.pid
            process.kill()


class TestHold:
    def test_is_refused_while_another_holds_it(self, tmp_path: Path) -> None:
        with holding(tmp_path / "lock") as process:
            refused = lock.hold(tmp_path / "lock")
            process.kill()

        assert refused is None

    def test_is_granted_after_another(self, tmp_path: Path) -> None:
        with holding(tmp_path / "lock") as process:
            process.kill()

        granted = lock.hold(tmp_path / "lock")

        assert granted is not None
        os.close(granted)


class TestTaken:
    def test_tells_whether_anybody_holds_it(self, tmp_path: Path) -> None:
        with (tmp_path / "lock").open("w") as held:
            free = lock.taken(tmp_path / "lock")
            fcntl.flock(held, fcntl.LOCK_EX)

            assert (free, lock.taken(tmp_path / "lock")) == (False, True)
        assert not lock.taken(tmp_path / "lock")

    def test_takes_folders_and_refuses_what_is_not_there(self, tmp_path: Path) -> None:
        assert not lock.taken(tmp_path)
        with pytest.raises(FileNotFoundError):
            lock.taken(tmp_path / "gone")
