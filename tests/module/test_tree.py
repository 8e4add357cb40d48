"""The tree below a process that calls itself its supervisor. Its certain end is shown in `test_job.py`."""

from __future__ import annotations

import subprocess
import sys

from pelagos.module import tree


class TestTree:
    def test_counts_what_lives_below_this_process(self) -> None:
        seen = tree.Tree()
        script = "import time; print(flush=True); time.sleep(600)"
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            child.stdout.readline()

            seen.look()
            child.kill()

        assert child.pid in {process.pid for process in seen.members}
        assert seen.count >= 1
        assert seen.rss > 1_000_000
        assert seen.cpu_s >= 0

    def test_remembers_the_most_it_ever_saw(self) -> None:
        seen = tree.Tree()
        with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
            seen.look()
            peak = seen.peak_rss
            child.kill()
        seen.look()

        assert seen.peak_rss >= peak > 0

    def test_is_at_its_end_when_nobody_is_left(self) -> None:
        seen = tree.Tree()

        seen.end(grace_s=60.0, reap=lambda: True)

        assert seen.members == []
