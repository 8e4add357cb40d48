"""The arguments of one request."""

from typing import Any

import pytest

from pelagos.domain import errors
from pelagos.runtime import arguments


def parameter(name: str, schema: dict[str, Any], **changes: Any) -> dict[str, Any]:
    plain = {"name": name, "keyword": name, "required": False, "in": None, "schema": schema, "secret": False}
    return {**plain, **changes}


NUMBER = parameter("number", {"type": "integer", "default": 1, "minimum": 1})
TEXT = parameter("text", {"type": "string"}, required=True)
FILE = parameter("image", {"type": "string", "format": "binary"}, required=True)
LIST = parameter("items", {"type": "array", "items": {"type": "number"}})


def read(parameters: list[dict[str, Any]], **given: Any) -> dict[str, Any]:
    return arguments.Arguments(parameters).read(arguments.Given(**given))


class TestRead:
    def test_fills_in_defaults_and_leaves_out_what_has_none(self) -> None:
        assert read([NUMBER, LIST]) == {"number": 1}

    def test_looks_in_the_query_then_the_form_then_the_json_body(self) -> None:
        everywhere = {"query": {"text": ["q"]}, "form": {"text": ["f"]}, "json": {"text": "j"}}

        assert read([TEXT], **everywhere)["text"] == "q"
        assert read([TEXT], **{**everywhere, "query": {}})["text"] == "f"
        assert read([TEXT], json={"text": "j"})["text"] == "j"

    @pytest.mark.parametrize("place", ["headers", "cookies", "json", "query", "form", "querystring", "files"])
    def test_looks_only_where_the_parameter_is_pinned(self, place: str) -> None:
        pinned = parameter("X-Text", {"type": "string"}, **{"in": place})
        everywhere = {
            "headers": {"x-text": "headers"},
            "cookies": {"X-Text": "cookies"},
            "json": {"X-Text": "json"},
            "query": {"X-Text": ["query"]},
            "form": {"X-Text": ["form"]},
        }

        found = read([pinned], **everywhere)["X-Text"]

        assert found == {"querystring": "query", "files": "form"}.get(place, place)

    def test_gives_the_keyword_that_the_function_knows(self) -> None:
        wire = parameter("demo-str", {"type": "string"}, keyword="demo_str")

        assert read([wire], query={"demo-str": ["a"]}) == {"demo_str": "a"}

    @pytest.mark.parametrize("body", [None, [], "text", 3])
    def test_ignores_a_body_that_is_no_object_and_arguments_that_nobody_knows(self, body: Any) -> None:
        assert read([NUMBER], json=body, query={"unknown": ["1"]}) == {"number": 1}

    def test_takes_the_first_of_a_repeated_value_and_all_of_a_list(self) -> None:
        found = read([NUMBER, LIST], query={"number": ["3", "4"], "items": ["1", "2"]})

        assert found == {"number": 3, "items": [1.0, 2.0]}


class TestFaults:
    def test_are_all_collected(self) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            read([NUMBER, TEXT, LIST], query={"number": ["0"], "items": ["1", "a"]})

        assert caught.value.faults == {
            "number": ["0 is out of bounds; expected a whole number at least 1"],
            "text": ["is missing; expected a string"],
            "items": ["element 1: 'a' is not a number"],
        }

    def test_of_lists_are_nested_by_position_for_clients_of_deepaas(self) -> None:
        with pytest.raises(arguments.BadArguments) as caught:
            read([LIST], query={"items": ["1", "a"]})

        assert caught.value.nested == {"items": {"1": ["'a' is not a number"]}}

    def test_do_not_show_a_secret(self) -> None:
        secret = parameter("key", {"type": "integer"}, secret=True)

        with pytest.raises(errors.InvalidInput) as caught:
            read([secret], query={"key": ["hunter2"]})

        assert caught.value.faults == {"key": ["is not a whole number"]}


class TestWithOneFile:
    def test_gives_what_a_request_with_that_file_alone_brings(self) -> None:
        renamed = parameter("im-age", {**FILE["schema"], "nullable": True, "default": None}, keyword="im_age")

        assert list(arguments.Arguments([FILE, NUMBER, LIST]).with_one_file()) == [("image", "image", {"number": 1})]
        assert list(arguments.Arguments([renamed, NUMBER]).with_one_file()) == [("im-age", "im_age", {"number": 1})]

    @pytest.mark.parametrize(
        "parameters",
        [
            [FILE, TEXT],
            [parameter("image", FILE["schema"], **{"in": "query"})],
            [parameter("image", {**FILE["schema"], "maxLength": 9})],
            [parameter("image", {"anyOf": [FILE["schema"], {"type": "string"}]})],
            [parameter("images", {"type": "array", "items": FILE["schema"]})],
        ],
    )
    def test_gives_nothing_where_a_file_alone_is_not_enough_or_not_that_simple(self, parameters: Any) -> None:
        assert list(arguments.Arguments(parameters).with_one_file()) == []
