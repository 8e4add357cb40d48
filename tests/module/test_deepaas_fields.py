"""Tests of pelagos.module.deepaas_fields."""

from __future__ import annotations

import datetime
from typing import Any

import marshmallow
import pytest
from marshmallow import fields, validate

from pelagos.module import deepaas_fields


class Own(fields.Field):
    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("never meant to be written")


class Point(marshmallow.Schema):
    x = fields.Int(required=True, data_key="X")
    y = fields.Float()


def parameter(field: fields.Field) -> dict[str, Any]:
    schema = marshmallow.Schema.from_dict({"it": field})()
    return deepaas_fields.parameters(schema.fields)[0]


class TestParameters:
    @pytest.mark.parametrize(
        ("field", "schema"),
        [
            (fields.Int(), {"type": "integer"}),
            (fields.Float(), {"type": "number"}),
            (fields.Bool(), {"type": "boolean"}),
            (fields.Str(), {"type": "string"}),
            (fields.Url(), {"type": "string", "format": "uri"}),
            (fields.Date(), {"type": "string", "format": "date"}),
            (fields.DateTime(), {"type": "string", "format": "date-time"}),
            (fields.Dict(), {"type": "object"}),
            (fields.Raw(), {}),
            (Own(), {}),
            (fields.List(fields.Int()), {"type": "array", "items": {"type": "integer"}}),
            (fields.Raw(metadata={"type": "file"}), {"type": "string", "format": "binary"}),
            (
                fields.List(fields.Raw(metadata={"type": "file"})),
                {"type": "array", "items": {"type": "string", "format": "binary"}},
            ),
            (fields.Raw(metadata={"location": "files"}), {"type": "string", "format": "binary"}),
            (
                fields.List(fields.Raw(), metadata={"location": "files"}),
                {"type": "array", "items": {"type": "string", "format": "binary"}},
            ),
            (
                fields.Nested(Point),
                {
                    "type": "object",
                    "properties": {"X": {"type": "integer"}, "y": {"type": "number"}},
                    "required": ["X"],
                },
            ),
        ],
    )
    def test_have_the_schema_of_their_field(self, field: fields.Field, schema: dict[str, Any]) -> None:
        assert parameter(field)["schema"] == schema

    @pytest.mark.parametrize(
        ("field", "words"),
        [
            (fields.Int(validate=validate.Range(min=1, max=9)), {"minimum": 1, "maximum": 9}),
            (fields.Int(validate=validate.Range(min=1, min_inclusive=False)), {"exclusiveMinimum": 1}),
            (fields.Str(validate=validate.Length(min=2, max=5)), {"minLength": 2, "maxLength": 5}),
            (fields.Str(validate=validate.Length(equal=3)), {"minLength": 3, "maxLength": 3}),
            (fields.List(fields.Str(), validate=validate.Length(max=2)), {"maxItems": 2}),
            (fields.Str(validate=validate.Regexp("^a")), {"pattern": "^a"}),
            (fields.Str(validate=validate.OneOf(["a", "b"])), {"enum": ["a", "b"]}),
            (fields.Str(metadata={"enum": ["a"]}), {"enum": ["a"]}),
            (fields.Str(allow_none=True), {"nullable": True}),
            (fields.Str(metadata={"description": "what for"}), {"description": "what for"}),
            (fields.Str(load_default="x"), {"default": "x"}),
            (fields.Date(load_default=datetime.date(2026, 1, 31)), {"default": "2026-01-31"}),
            (Own(load_default=3), {"default": "3"}),
        ],
    )
    def test_tell_the_bounds_and_words_of_their_field(self, field: fields.Field, words: dict[str, Any]) -> None:
        schema = parameter(field)["schema"]

        assert {key: schema[key] for key in words} == words

    def test_do_not_tell_a_default_that_is_made_anew_each_time(self) -> None:
        assert "default" not in parameter(fields.DateTime(load_default=datetime.datetime.now))["schema"]

    def test_keep_the_name_on_the_wire_apart_from_the_keyword(self) -> None:
        told = parameter(fields.Str(data_key="X-It", required=True, metadata={"location": "headers"}))

        assert (told["name"], told["keyword"], told["required"], told["in"]) == ("X-It", "it", True, "headers")

    def test_leave_out_fields_that_are_only_for_answers(self) -> None:
        schema = marshmallow.Schema.from_dict({"id": fields.Int(dump_only=True)})()

        assert deepaas_fields.parameters(schema.fields) == []
