"""Finding a module's code."""

import os
import sys
from pathlib import Path

import pytest

from pelagos.module import loading, native

SOURCE = '''
from pelagos.module import Module

class Outer:
    class Inner(Module):
        """Is inside."""
'''


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "found_by_loading.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "found_by_loading", raising=False)
    return tmp_path


class TestLoad:
    def test_follows_the_entry_point_and_puts_the_adapter_around_it(self, source: Path) -> None:
        adapter = loading.load("inside", kind="native", entry="found_by_loading:Outer.Inner")

        assert isinstance(adapter, native.NativeAdapter)
        assert adapter.description()["summary"] == "Is inside."

    def test_tells_libraries_not_to_report_to_their_makers(self, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DO_NOT_TRACK", "0")
        monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)

        loading.load("inside", kind="native", entry="found_by_loading:Outer.Inner")

        assert (os.environ["ORT_DISABLE_TELEMETRY"], os.environ["DO_NOT_TRACK"]) == ("1", "0")

    def test_raises_when_the_entry_names_nothing(self, source: Path) -> None:
        with pytest.raises(AttributeError, match="Absent"):
            loading.load("absent", kind="native", entry="found_by_loading:Absent")
        with pytest.raises(ModuleNotFoundError, match="no_such_module"):
            loading.load("absent", kind="native", entry="no_such_module:Absent")
