from collections.abc import Callable
from typing import Any

import pytest

from pelagos.cli import describe

Pelagos = Callable[..., Any]


@pytest.mark.heavy
class TestDescribe:
    def test_shows_what_a_module_takes(self, pelagos: Pelagos) -> None:
        lines = [" ".join(line.split()) for line in pelagos("describe", "counting").out.splitlines()]

        assert lines[:3] == ["counting 1.0.0", "Adds numbers up, and learns what to add.", "Licence: Apache-2.0"]
        assert "--values list of number (required) the numbers to add" in lines
        assert "--delay-s number 0.0 how long an epoch takes [>= 0 s]" in lines

    def test_says_what_a_module_lacks(self, pelagos: Pelagos) -> None:
        assert "Trainings: none" in pelagos("describe", "trivial").out

    def test_gives_the_whole_description(self, pelagos: Pelagos) -> None:
        assert pelagos("describe", "trivial", "--json", "--refresh").json["metadata"]["title"] == "Trivial"


class TestKind:
    @pytest.mark.parametrize(
        ("schema", "words"),
        [
            ({"type": "integer"}, "integer"),
            ({"type": "string", "format": "binary"}, "file"),
            ({"type": "array", "items": {"type": "string", "format": "binary"}}, "list of file"),
            ({"anyOf": [{"type": "string"}, {"type": "number"}]}, "string or number"),
            ({"type": "string", "format": "date-time"}, "date and time"),
            ({}, "any"),
        ],
    )
    def test_is_named_in_words(self, schema: dict[str, Any], words: str) -> None:
        assert describe.kind(schema) == words
