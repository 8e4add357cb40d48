"""Tests of pelagos.module.deepaas_swagger; word for word equality with DEEPaaS is shown in tests/deepaas."""

from __future__ import annotations

from typing import Any

import marshmallow
from marshmallow import fields, validate

from pelagos.module.deepaas_swagger import Swagger


class PointSchema(marshmallow.Schema):
    x = fields.Int(required=True)


def parameters(**wanted: fields.Field) -> list[dict[str, Any]]:
    schema = marshmallow.Schema.from_dict(wanted)()
    found: list[dict[str, Any]] = Swagger().method(schema.fields)["parameters"]
    return found


class TestSwagger:
    def test_puts_a_field_without_location_into_the_query(self) -> None:
        assert parameters(n=fields.Int(load_default=1)) == [
            {"in": "query", "name": "n", "required": False, "type": "integer", "format": "int32", "default": 1}
        ]

    def test_gathers_json_fields_in_one_body(self) -> None:
        told = parameters(
            a=fields.Str(metadata={"location": "json"}), b=fields.Int(required=True, metadata={"location": "json"})
        )

        assert len(told) == 1
        assert list(told[0]["schema"]["properties"]) == ["a", "b"]
        assert told[0]["schema"]["required"] == ["b"]

    def test_repeats_the_key_of_a_list(self) -> None:
        told = parameters(words=fields.List(fields.Str()))

        assert (told[0]["collectionFormat"], told[0]["items"]) == ("multi", {"type": "string"})

    def test_tells_a_file_as_form_data(self) -> None:
        told = parameters(data=fields.Raw(metadata={"type": "file", "location": "form"}))

        assert told == [{"in": "formData", "name": "data", "required": False, "type": "file"}]

    def test_tells_what_is_looked_for_among_files_as_a_file(self) -> None:
        one, several = parameters(
            one=fields.Raw(metadata={"location": "files"}),
            several=fields.List(fields.Raw(), metadata={"location": "files"}),
        )

        assert (one["in"], one["type"]) == ("formData", "file")
        assert (several["in"], several["type"], several["items"]) == ("formData", "array", {"type": "file"})

    def test_defines_nested_schemas_once(self) -> None:
        swagger = Swagger()
        schema = marshmallow.Schema.from_dict(
            {"one": fields.Nested(PointSchema), "many": fields.Nested(PointSchema, many=True)}
        )()

        told = swagger.method(schema.fields)["parameters"]

        assert told[0]["$ref"] == "#/definitions/Point"
        assert told[1]["items"] == {"$ref": "#/definitions/Point"}
        assert swagger.definitions["Point"]["required"] == ["x"]

    def test_lists_media_types_with_anything(self) -> None:
        accept = fields.Str(validate=validate.OneOf(["application/json", "image/png"]))

        assert Swagger().method({"accept": accept})["produces"] == ["application/json", "image/png", "*/*"]
