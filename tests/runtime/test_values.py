"""One value, and what its schema asks for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pelagos.runtime import calls, values

INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
NUMBERS = {"type": "array", "items": NUMBER}


def fault(value: Any, schema: dict[str, Any]) -> str:
    with pytest.raises(values.Fault) as caught:
        values.convert(value, schema)
    return str(caught.value)


class TestStrings:
    @pytest.mark.parametrize(
        ("text", "schema", "value"),
        [
            ("5", INTEGER, 5),
            (" -5 ", INTEGER, -5),
            ("5.0", INTEGER, 5),
            ("0.001", NUMBER, 0.001),
            ('"0.001"', NUMBER, 0.001),
            ("1e3", NUMBER, 1000.0),
            ("true", {"type": "boolean"}, True),
            ("False", {"type": "boolean"}, False),
            ("0", {"type": "boolean"}, False),
            ('{"a": [1]}', {"type": "object"}, {"a": [1]}),
            ("null", {"type": "number", "nullable": True}, None),
            ("", {"type": "number", "nullable": True}, None),
            ("null", {"type": "string"}, "null"),
            (["null"], {"type": "array", "items": {"type": "number"}, "nullable": True}, None),
            (["null"], {"type": "array", "items": {"type": "string"}}, ["null"]),
            ("", {"type": "string"}, ""),
            ('"Xception"', {"type": "string", "enum": ["Xception", "VGG"]}, "Xception"),
            ("VGG", {"type": "string", "enum": ["Xception", "VGG"]}, "VGG"),
            ("2", {"type": "integer", "enum": [1, 2]}, 2),
            ("2026-01-31", {"type": "string", "format": "date"}, "2026-01-31"),
            ("20260131T1200", {"type": "string", "format": "date-time"}, "2026-01-31T12:00:00"),
            ("[1, [2]]", {}, "[1, [2]]"),
        ],
    )
    def test_are_read_by_their_type(self, text: str, schema: dict[str, Any], value: Any) -> None:
        converted = values.convert(text, schema)

        assert converted == value
        assert type(converted) is type(value)

    @pytest.mark.parametrize(
        ("sent", "found"),
        [
            (["1", "2.5"], [1.0, 2.5]),
            (["[0.7, 0.9]"], [0.7, 0.9]),
            ("[0.7, 0.9]", [0.7, 0.9]),
            ([], []),
            (["3"], [3.0]),
        ],
    )
    def test_make_lists_by_repetition_or_as_json(self, sent: Any, found: list[float]) -> None:
        assert values.convert(sent, NUMBERS) == found

    def test_are_tried_with_every_type_of_a_choice(self) -> None:
        schema = {"anyOf": [INTEGER, {"type": "boolean"}]}

        assert values.convert("7", schema) == 7
        assert values.convert("no", schema) is False


class TestFault:
    @pytest.mark.parametrize(
        ("value", "schema", "message"),
        [
            ("abc", INTEGER, "'abc' is not a whole number"),
            ("5.5", INTEGER, "5.5 is not a whole number"),
            (True, INTEGER, "True is not a whole number"),
            ("", INTEGER, "'' is not a whole number"),
            ("nan", NUMBER, "nan is not a finite number"),
            ("maybe", {"type": "boolean"}, "'maybe' is not true or false"),
            (2, {"type": "boolean"}, "2 is not true or false"),
            (3, {"type": "string"}, "3 is not a string"),
            ("[1]", {"type": "object"}, "[1] is not a JSON object"),
            (None, INTEGER, "must not be null; expected a whole number"),
            (
                99,
                {"type": "integer", "minimum": 1, "maximum": 50},
                "99 is out of bounds; expected a whole number at least 1 and at most 50",
            ),
            (0.0, {"type": "number", "exclusiveMinimum": 0}, "0.0 is out of bounds; expected a number more than 0"),
            (
                "abc",
                {"type": "string", "maxLength": 2},
                "a length of 3 is out of bounds; expected a string at most 2 long",
            ),
            ("abc", {"type": "string", "pattern": "^x"}, "'abc' is out of bounds; expected a string matching '^x'"),
            ("c", {"type": "string", "enum": ["a", "b"]}, "'c' is not one of 'a', 'b'"),
            (True, {"type": "integer", "enum": [1, 2]}, "True is not one of 1, 2"),
            ("31.1.", {"type": "string", "format": "date"}, "'31.1.' is not a date such as 2026-01-31"),
            ("/not/there", {"type": "string", "format": "folder"}, "'/not/there' is not a folder"),
            ("a\0b", {"type": "string", "format": "folder"}, "is not a folder"),
            ("text", {"type": "string", "format": "binary"}, "'text' is not a file"),
            ({"a": 1}, NUMBERS, "{'a': 1} is not a list, each element a number"),
            ("x" * 200, INTEGER, "..."),
        ],
    )
    def test_names_the_value_and_what_was_expected(self, value: Any, schema: dict[str, Any], message: str) -> None:
        assert message in fault(value, schema)

    def test_is_collected_for_every_element(self) -> None:
        with pytest.raises(values.Faults) as caught:
            values.convert(["1", "a", "2", "b"], NUMBERS)

        assert [each.at for each in caught.value.faults] == [(1,), (3,)]

    def test_names_an_empty_file(self) -> None:
        upload = calls.Upload("photo.jpg", size=0, data=b"")

        assert fault(upload, {"type": "string", "format": "binary"}).startswith("the file 'photo.jpg' is empty")

    @given(
        st.one_of(
            st.text(), st.none(), st.booleans(), st.floats(), st.lists(st.text()), st.dictionaries(st.text(), st.text())
        ),
        st.sampled_from(
            [
                INTEGER,
                NUMBER,
                NUMBERS,
                {"type": "boolean"},
                {"type": "object"},
                {"type": "array"},
                {"type": "string", "minLength": 2, "pattern": "a"},
                {"type": "string", "format": "date"},
                {"type": "string", "format": "folder"},
                {"type": "string", "enum": ["a"], "nullable": True},
                {"type": "array", "items": NUMBERS},
                {},
            ]
        ),
    )
    def test_is_all_that_any_value_can_cause(self, value: Any, schema: dict[str, Any]) -> None:
        try:
            converted = values.convert(value, schema)
        except values.Fault:
            return

        # Whatever is accepted is accepted again in the form it was given.
        assert values.convert(converted, schema) == converted
