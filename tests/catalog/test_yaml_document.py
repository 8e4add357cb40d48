"""YAML with faults: each is placed, and nothing but data is made."""

from __future__ import annotations

import hypothesis
import hypothesis.strategies as st
import pytest

from pelagos.catalog import yaml_document


class TestRead:
    def test_keeps_dates_and_versions_as_texts(self) -> None:
        document = yaml_document.read("a.yml", "a: 2019-01-31\nb: 2.0.0\nc: 1.5\nd: [yes, ~, 0x10]\ne: !!set {x}\n")

        assert document.value == {"a": "2019-01-31", "b": "2.0.0", "c": 1.5, "d": [True, None, 16], "e": {"x": None}}

    @pytest.mark.parametrize(
        ("text", "line", "column", "suggestion"),
        [
            ("a:\n\t- b\n", 2, 1, "spaces"),
            ("a: b: c\n", 1, 5, "quotes"),
            ("a: 1\n b: 2\n", 2, 3, "quotes"),
            ("a: 'x\n", 2, 1, "quotes"),
            ("a: 1\na: 2\n", 2, 1, "Remove one"),
            ("a: &x [1]\nb: *x\n", 2, 1, "Write it out"),
        ],
    )
    def test_places_a_fault(self, text: str, line: int, column: int, suggestion: str) -> None:
        (fault,) = yaml_document.read("a.yml", text).faults

        assert (fault.line, fault.column) == (line, column)
        assert suggestion in fault.suggestion

    def test_makes_no_objects(self) -> None:
        document = yaml_document.read("a.yml", "a: !!python/object/apply:os.system ['false']\n")

        assert document.value == {"a": ["false"]}

    def test_refuses_a_tower(self) -> None:
        assert yaml_document.read("a.yml", "[" * 5000 + "]" * 5000).faults

    @hypothesis.given(st.text(alphabet="abc:-[]{}&*!|>'\"#\n\t 019.,?%@`", max_size=50))
    def test_survives_any_text(self, text: str) -> None:
        yaml_document.read("a.yml", text)
