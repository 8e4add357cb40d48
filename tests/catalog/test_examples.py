"""Examples are run in the module's own environment, and their answers compared with what is expected."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from pelagos import environments
from pelagos.catalog import card, examples
from pelagos.domain import clock
from pelagos.environments import authors

MODULE = '''
import os, sys, time
from typing import Annotated
from pelagos.module import Arg, File, Folder, Module


class Odd(Module):
    """Does as it is told."""

    def predict(self, what: str = "sum", file: File = None, folder: Folder = None, numbers: list[int] = ()) -> dict:
        if what == "raise":
            raise ValueError("it does not work")
        if what == "die":
            os._exit(3)
        if what == "wait":
            time.sleep(60)
        if what == "file":
            return {"name": file.name, "text": file.read().decode()}
        if what == "folder":
            return {"names": sorted(path.name for path in folder.path.iterdir())}
        print("noise")
        return {"sum": sum(numbers), "share": 1 / 3}
'''


@pytest.fixture
def odd(tmp_path: Path) -> environments.Installed:
    """A module in this interpreter, found by its folder."""
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "odd.py").write_text(MODULE)
    return environments.Installed("odd", "native", "odd:Odd", Path(sys.executable), version="1.0", folder=folder)


def run(
    module: environments.Installed, *given: dict[str, Any], timeout_s: float = 60
) -> tuple[examples.ExampleRun, ...]:
    assert module.folder is not None
    wanted = [card.Example.model_validate(each) for each in given]
    author_path = authors.make(module.folder.parent / "author")
    # The module's folder goes on the path as an installation would put it there.
    (author_path / "odd.py").write_text((module.folder / "odd.py").read_text())
    time = clock.FixedClock()
    return examples.run(module, wanted, folder=module.folder, author_path=author_path, clock=time, timeout_s=timeout_s)


class TestRun:
    def test_passes_what_is_expected(self, odd: environments.Installed) -> None:
        (ran,) = run(odd, {"name": "Sum", "input": {"numbers": [1, 2]}, "expected": {"sum": 3}})

        assert (ran.name, ran.passed, ran.message, ran.version) == ("Sum", True, "", "1.0")
        assert 0 <= ran.seconds < 10

    def test_says_what_is_different(self, odd: environments.Installed) -> None:
        (ran,) = run(odd, {"input": {"numbers": [1, 2]}, "expected": {"sum": 4}})

        assert (ran.name, ran.passed, ran.message) == ("example 1", False, "sum is 3, expected 4")

    def test_hands_files_and_folders_over(self, odd: environments.Installed) -> None:
        assert odd.folder is not None
        (odd.folder / "data").mkdir()
        (odd.folder / "data" / "a.txt").write_text("hello")

        ran = run(
            odd,
            {"input": {"what": "file", "file": "data/a.txt"}, "expected": {"name": "a.txt", "text": "hello"}},
            {"input": {"what": "folder", "folder": "data"}, "expected": {"names": ["a.txt"]}},
        )

        assert [each.message for each in ran] == ["", ""]

    def test_takes_no_file_from_outside(self, odd: environments.Installed) -> None:
        (ran,) = run(odd, {"input": {"what": "file", "file": "../../../etc/passwd"}})

        assert "is not in the module's folder" in ran.message

    def test_goes_on_after_an_error(self, odd: environments.Installed) -> None:
        ran = run(odd, {"input": {"what": "raise"}}, {"input": {"what": "unknown"}}, {"input": {"nothing": 1}})

        assert [each.passed for each in ran] == [False, True, False]
        assert ran[0].message == "ValueError: it does not work"

    def test_says_that_the_module_died(self, odd: environments.Installed) -> None:
        ran = run(odd, {"input": {}}, {"input": {"what": "die"}}, {"input": {}})

        assert [each.passed for each in ran] == [True, False, False]
        assert "ended with code 3" in ran[1].message

    def test_ends_a_module_that_takes_too_long(self, odd: environments.Installed) -> None:
        (ran,) = run(odd, {"input": {"what": "wait"}}, timeout_s=1.5)

        assert ran.message == "it took longer than 1.5 s"

    def test_says_that_the_module_cannot_be_imported(self, odd: environments.Installed) -> None:
        assert odd.folder is not None
        (odd.folder / "odd.py").write_text("import nothing_of_this_name")

        (ran,) = run(odd, {"input": {}})

        assert "No module named 'nothing_of_this_name'" in ran.message


class TestDifferences:
    @pytest.mark.parametrize(
        ("expected", "answered", "tolerance"),
        [
            ({"a": 1}, {"a": 1, "b": 2}, 0.0),
            ([0.9, "x"], [0.95, "x"], 0.05),
            ({"a": {"b": [1, 2.0]}}, {"a": {"b": [1.0, 2]}}, 0.0),
            (None, None, 0.0),
            (0.3, 0.1 + 0.2, 0.0),
        ],
    )
    def test_are_none(self, expected: Any, answered: Any, tolerance: float) -> None:
        assert list(examples.differences(expected, answered, tolerance)) == []

    @pytest.mark.parametrize(
        ("expected", "answered", "said"),
        [
            ({"a": 1}, {}, "the answer has no “a”"),
            ({"a": {"b": 1}}, {"a": 2}, "a has no “b”"),
            ([1, 2], [1], "the answer is [1], not a list of 2"),
            ({"a": [1.0]}, {"a": [2.5]}, "a[0] is 2.5, expected 1.0 within 0.1"),
            (True, 1, "the answer is 1, expected true"),
            ("1", 1, 'the answer is 1, expected "1"'),
            (1.0, None, "the answer is null, expected 1.0 within 0.1"),
        ],
    )
    def test_are_told(self, expected: Any, answered: Any, said: str) -> None:
        assert list(examples.differences(expected, answered, 0.1)) == [said]
