"""JSON with faults: each is placed, and the rest is read."""

from __future__ import annotations

import json

import hypothesis
import hypothesis.strategies as st
import pytest

from pelagos.catalog import json_document

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


class TestRead:
    @hypothesis.given(ANY_JSON, st.sampled_from([None, 1, "\t"]))
    def test_reads_what_is_right_as_the_standard_library_does(self, value: object, indent: int | str | None) -> None:
        document = json_document.read("a.json", json.dumps(value, indent=indent))

        assert document.value == value
        assert document.faults == ()

    @hypothesis.given(st.text(alphabet='{}[]",:01.e-tnfu\\/* \n\tax', max_size=60))
    def test_survives_any_text(self, text: str) -> None:
        json_document.read("a.json", text)

    @pytest.mark.parametrize(
        ("text", "value", "line", "column", "suggestion"),
        [
            ('{"a": [1, 2,]}', {"a": [1, 2]}, 1, 12, "Remove the comma"),
            ('{"a": 1\n "b": 2}', {"a": 1, "b": 2}, 2, 2, "Add a comma"),
            ('{\n// why\n"a": 1}', {"a": 1}, 2, 1, "Remove the comment"),
            ('{"a": "x\ty"}', {"a": "x\ty"}, 1, 9, "Write \\n or \\t"),
            ('{"a": True}', {"a": True}, 1, 7, "Write true"),
            ('{"a": 1, "a": 2}', {"a": 2}, 1, 10, "Remove one"),
            ("{\"a\": 1, 'b': 2}", {"a": 1}, 1, 10, "Write ' as \""),
            ('{"a": 1', {"a": 1}, 1, 8, "Add }"),
            ('{"a": {"b": 1,', {"a": None}, 1, 15, "Add }"),
            ('{"a": 1} x', {"a": 1}, 1, 10, "Remove what follows"),
            ('\ufeff{"a": 1,}', {"a": 1}, 1, 8, "Remove the comma"),
        ],
    )
    def test_places_a_fault_and_reads_the_rest(
        self, text: str, value: object, line: int, column: int, suggestion: str
    ) -> None:
        document = json_document.read("a.json", text)

        (fault,) = document.faults
        assert document.value == value
        assert (fault.line, fault.column) == (line, column)
        assert suggestion in fault.suggestion

    def test_tells_all_faults_at_once(self) -> None:
        document = json_document.read("a.json", '{"a": [1,],\n"b": None\n"c": 1}')

        assert [fault.line for fault in document.faults] == [1, 2, 3]

    def test_refuses_a_tower(self) -> None:
        assert json_document.read("a.json", "[" * 100_000).faults

    def test_knows_the_place_of_every_value(self) -> None:
        document = json_document.read("a.json", '{\n "a": {\n  "b": [1,\n   2]}}')

        assert document.position(("a", "b")) == (3, 3)
        assert document.position(("a", "b", 1)) == (4, 4)
        assert document.position(("a", "b", 9)) == (3, 3)
