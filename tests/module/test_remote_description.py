"""Swagger 2.0 of another server, as our description."""

from __future__ import annotations

from typing import Any

import pytest

from pelagos.module import remote_description
from pelagos.module.remote_description import described

POINT = {"type": "object", "properties": {"x": {"type": "integer"}, "next": {"$ref": "#/definitions/Point"}}}


def of(*parameters: dict[str, Any], **operation: Any) -> dict[str, Any]:
    """Describe a module whose predict takes `parameters`."""
    post = {"post": {"parameters": list(parameters), **operation}}
    swagger = {"paths": {"/my/base/v2/models/far/predict/": post}, "definitions": {"Point": POINT}}
    return described("near", "far", {"id": "far", "name": "Far", "summary": "Sees far.", "version": "2"}, swagger)


def schemas(*parameters: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each["schema"] for each in of(*parameters)["predict"]["parameters"]}


class TestDescribed:
    def test_bears_our_name_and_its_words(self) -> None:
        description = of()

        assert (description["name"], description["kind"]) == ("near", "remote")
        assert (description["summary"], description["version"]) == ("Sees far.", "2")
        assert description["metadata"] == {"name": "Far", "summary": "Sees far.", "version": "2"}

    def test_has_null_for_what_is_not_served(self) -> None:
        assert of()["train"] is None

    @pytest.mark.parametrize(
        ("place", "ours"), [("query", None), ("formData", "form"), ("header", "headers"), ("cookie", "cookies")]
    )
    def test_keeps_the_place(self, place: str, ours: str | None) -> None:
        (parameter,) = of({"in": place, "name": "a", "type": "string", "required": True})["predict"]["parameters"]

        assert (parameter["in"], parameter["required"]) == (ours, True)

    @pytest.mark.parametrize(
        ("told", "schema"),
        [
            ({"type": "integer", "format": "int32", "default": 3}, {"type": "integer", "default": 3}),
            ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
            ({"type": "file"}, {"type": "string", "format": "binary"}),
            ({"type": "array", "items": {"type": "number"}}, {"type": "array", "items": {"type": "number"}}),
            ({"type": "number", "minimum": 0, "exclusiveMinimum": True}, {"type": "number", "exclusiveMinimum": 0}),
            (
                {"type": "string", "enum": ["a"], "x-nullable": True},
                {"type": "string", "enum": ["a"], "nullable": True},
            ),
            ({"$ref": "#/definitions/Point"}, {"type": "object"}),
            ({"allOf": [{"$ref": "#/definitions/Point"}], "default": {}}, {"type": "object", "default": {}}),
            ({}, {}),
        ],
    )
    def test_writes_a_type_as_json_schema(self, told: dict[str, Any], schema: dict[str, Any]) -> None:
        assert schemas({"in": "query", "name": "a", **told}) == {"a": schema}

    def test_takes_a_body_apart(self) -> None:
        body = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}

        found = of({"in": "body", "name": "body", "schema": body})["predict"]["parameters"]

        assert [(each["name"], each["in"], each["required"]) for each in found] == [
            ("a", "json", True),
            ("b", "json", False),
        ]

    def test_never_offers_anything_as_a_media_type(self) -> None:
        assert of(produces=["image/png", "*/*"])["predict"]["media_types"] == ["image/png"]
        assert of(produces=["*/*"])["predict"]["media_types"] == ["application/json"]

    def test_lets_the_other_server_read_predictions(self) -> None:
        description = of()

        assert description["predict"]["parse"] == "worker"
        assert description["threads"] == remote_description.THREADS
