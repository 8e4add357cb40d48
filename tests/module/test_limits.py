"""What a run may use. That limits end a real tree is shown in `test_job.py`."""

from __future__ import annotations

from pathlib import Path

from pelagos.module import limits, tree


class TestBroken:
    def test_is_nothing_when_there_are_no_limits(self) -> None:
        assert limits.Limits({}, started=0.0).broken(tree.Tree(), 1e9) is None

    def test_is_the_time_limit_only_after_it(self) -> None:
        held = limits.Limits({"wall_time_s": 10}, started=100.0)

        assert held.broken(tree.Tree(), 109.9) is None
        assert held.broken(tree.Tree(), 110.1) == {
            "reason": "time_limit",
            "message": "It ran longer than its limit of 10 s.",
        }

    def test_is_not_looked_for_all_the_time_in_memory(self) -> None:
        held = limits.Limits({"memory_mb": 10**6}, started=0.0)
        members = tree.Tree()
        held.broken(members, 1.0)
        members.members = []

        held.broken(members, 1.0)

        assert members.members == []


class TestAccountOfDeath:
    def test_names_the_signal(self) -> None:
        account = limits.Limits({}, started=0.0).account_of_death(-11)

        assert account["message"] == "The module's process was killed by SIGSEGV."

    def test_names_the_exit_code(self) -> None:
        account = limits.Limits({}, started=0.0).account_of_death(3)

        assert account["message"] == "The module ended its own process with exit code 3."


class TestDiskIsFull:
    def test_is_false_where_something_fits(self, tmp_path: Path) -> None:
        assert not limits.disk_is_full(tmp_path)

    def test_is_true_where_nothing_fits(self) -> None:
        assert limits.disk_is_full(Path("/proc"))
