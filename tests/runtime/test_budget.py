"""Workers x threads = cores."""

import pytest

from pelagos.runtime import budget


class TestEnvironment:
    @pytest.mark.parametrize(("workers", "cores", "threads"), [(1, 8, "8"), (2, 8, "4"), (8, 8, "1"), (16, 8, "1")])
    def test_shares_the_cores(self, workers: int, cores: int, threads: str) -> None:
        variables = budget.environment(workers, cores)

        assert variables["PELAGOS_THREADS"] == variables["OMP_NUM_THREADS"] == threads

    def test_lets_nobody_spin_beside_others(self) -> None:
        assert budget.environment(2, 2)["PELAGOS_SPIN"] == "0"
        assert "PELAGOS_SPIN" not in budget.environment(1, 2)

    def test_asks_for_large_pages_beside_what_the_user_asks_of_glibc(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
        assert budget.environment(1, 1)["GLIBC_TUNABLES"] == "glibc.malloc.hugetlb=1"

        monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.arena_max=1")
        assert budget.environment(1, 1)["GLIBC_TUNABLES"] == "glibc.malloc.arena_max=1:glibc.malloc.hugetlb=1"


class TestCores:
    def test_are_those_that_may_be_used(self) -> None:
        assert budget.cores() >= 1
