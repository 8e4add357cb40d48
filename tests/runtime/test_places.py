"""Tests of pelagos.runtime.places."""

from typing import Any

import pytest

from pelagos.runtime import places


def parameter(name: str, where: str | None) -> dict[str, Any]:
    return {"name": name, "in": where}


class TestRequest:
    @pytest.mark.parametrize(
        ("where", "field", "written"),
        [
            (None, "form", [["X-It", "1"]]),
            ("form", "form", [["X-It", "1"]]),
            ("files", "form", [["X-It", "1"]]),
            ("query", "query", [["X-It", "1"]]),
            ("querystring", "query", [["X-It", "1"]]),
            ("headers", "headers", {"x-it": "1"}),
            ("cookies", "cookies", {"X-It": "1"}),
            ("json", "json", {"X-It": 1}),
        ],
    )
    def test_has_each_argument_at_its_place(self, where: str | None, field: str, written: object) -> None:
        request = places.request([parameter("X-It", where)], [("X-It", "1")])

        assert request[field] == written
        assert [name for name, value in request.items() if value] == [field]

    def test_has_several_values_of_one_name(self) -> None:
        parameters = [parameter("a", None), parameter("b", "json")]

        request = places.request(parameters, [("a", "1"), ("b", "[2]"), ("a", "3"), ("b", "text")])

        assert request["form"] == [["a", "1"], ["a", "3"]]
        assert request["json"] == {"b": [[2], "text"]}

    def test_sends_what_nobody_asked_for_by_the_form(self) -> None:
        assert places.request([], [("unknown", "x")])["form"] == [["unknown", "x"]]
