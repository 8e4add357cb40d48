"""Temporary files go with their process."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelagos.runtime import scratch

HOLD = """
import time
from pelagos.runtime import scratch
held = scratch.Scratch()
(held.path / "upload").write_text("x")
print(held.path, flush=True)
time.sleep(100)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    tempfile.tempdir = None


def age(folder: Path) -> None:
    os.utime(folder, (0, 0))


class TestScratch:
    def test_is_gone_after_its_block(self) -> None:
        with scratch.Scratch() as held:
            (held.path / "file").write_text("x")

        assert not held.path.exists()

    def test_of_a_killed_process_is_removed_by_the_next_one(self) -> None:
        with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            left = Path(process.stdout.readline().strip())
            process.send_signal(signal.SIGKILL)
        age(left)

        scratch.Scratch().close()

        assert not left.exists()

    def test_of_a_process_that_lives_stays_however_old(self) -> None:
        with scratch.Scratch() as held:
            age(held.path)

            scratch.sweep()

            assert held.path.exists()

    def test_that_is_young_stays_even_without_a_lock(self, tmp_path: Path) -> None:
        young = tmp_path / "pelagos-scratch-young"
        young.mkdir()

        scratch.sweep()

        assert young.exists()
