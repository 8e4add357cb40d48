"""What the worker tells a module."""

import os
from pathlib import Path

import pytest

from pelagos.module import cache, threads


class TestThreads:
    def test_is_what_the_worker_was_given(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_THREADS", "3")

        assert threads() == 3

    def test_is_every_core_without_a_budget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PELAGOS_THREADS", raising=False)

        assert threads() == len(os.sched_getaffinity(0))


class TestCache:
    def test_makes_the_folder_where_it_was_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_CACHE", str(tmp_path))

        folder = cache("flowers")

        assert folder == tmp_path / "flowers"
        assert folder.is_dir()
