"""Whatever a module returns becomes JSON, or an error that names the type."""

import datetime
import enum
import json
import pathlib
from typing import Any

import pytest

from pelagos.module import answers


class Colour(enum.Enum):
    RED = "red"


class Array:
    """As NumPy's: known by its method."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def tolist(self) -> list[Any]:
        return self._values


class TestEncode:
    @pytest.mark.parametrize(
        ("value", "read"),
        [
            ({"a": 1, "b": [True, None, "é"]}, {"a": 1, "b": [True, None, "é"]}),
            (float("nan"), None),
            ({"x": [1.5, float("-inf")]}, {"x": [1.5, None]}),
            (Array([1.0, float("nan")]), [1.0, None]),
            (Colour.RED, "red"),
            (datetime.date(2026, 1, 31), "2026-01-31"),
            (pathlib.PurePosixPath("/a/b"), "/a/b"),
            (b"abc", "YWJj"),
            ((1, 2), [1, 2]),
            ({3}, [3]),
            ("\ud800", "\ud800"),
        ],
    )
    def test_writes_json(self, value: Any, read: Any) -> None:
        assert json.loads(answers.encode(value)) == read

    def test_names_the_type_that_cannot_travel(self) -> None:
        with pytest.raises(TypeError, match="an answer cannot hold object"):
            answers.encode({"x": object()})

    def test_refuses_what_holds_itself(self) -> None:
        circle: list[Any] = []
        circle.append(circle)

        with pytest.raises(ValueError, match="Circular"):
            answers.encode(circle)
