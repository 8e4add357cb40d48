"""Tests of pelagos.module.deepaas_parsing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import marshmallow
import pytest
from marshmallow import fields, validate

from pelagos.module import deepaas_uploads
from pelagos.module.adapter import Refused
from pelagos.module.deepaas_parsing import Reader
from pelagos.module.files import File


@pytest.fixture(autouse=True)
def _deepaas() -> None:
    deepaas_uploads.offer_shim()


class Point(marshmallow.Schema):
    x = fields.Int(required=True)


class Upper(fields.Dict):
    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return value.upper()


def read(field: fields.Field, **raw: Any) -> dict[str, Any]:
    return Reader({"it": field}).read(raw)


def refusal(field: fields.Field, **raw: Any) -> tuple[int, Any]:
    with pytest.raises(Refused) as caught:
        read(field, **raw)
    return caught.value.status, json.loads(caught.value.body)


class TestReader:
    def test_looks_in_query_then_form_then_json(self) -> None:
        everywhere = {"query": [["it", "q"]], "form": [["it", "f"]], "json": {"it": "j"}}

        assert read(fields.Str(), **everywhere) == {"it": "q"}
        assert read(fields.Str(), **{**everywhere, "query": []}) == {"it": "f"}
        assert read(fields.Str(), json={"it": "j"}) == {"it": "j"}

    @pytest.mark.parametrize(
        ("location", "expected"),
        [("query", "q"), ("querystring", "q"), ("form", "f"), ("json", "j"), ("headers", "h"), ("cookies", "c")],
    )
    def test_looks_only_at_the_location_of_a_field(self, location: str, expected: str) -> None:
        raw = {
            "query": [["it", "q"]],
            "form": [["it", "f"]],
            "json": {"it": "j"},
            "headers": {"it": "h"},
            "cookies": {"it": "c"},
        }

        assert read(fields.Str(metadata={"location": location}), **raw) == {"it": expected}

    def test_refuses_a_location_that_does_not_exist(self) -> None:
        with pytest.raises(ValueError, match="the location 'moon' is none of query"):
            Reader({"it": fields.Str(metadata={"location": "moon"})})

    def test_leaves_out_what_was_not_sent_and_has_no_default(self) -> None:
        assert read(fields.Str()) == {}

    def test_gives_the_keyword_for_the_name_on_the_wire(self) -> None:
        assert read(fields.Str(data_key="X-Wire"), query=[["X-Wire", "w"], ["it", "no"]]) == {"it": "w"}

    def test_nests_an_attribute_with_a_dot(self) -> None:
        assert read(fields.Str(attribute="a.b"), query=[["it", "x"]]) == {"a": {"b": "x"}}

    def test_asks_for_a_default_that_is_made_anew_each_time(self) -> None:
        values = iter([1, 2])
        reader = Reader({"it": fields.Int(load_default=lambda: next(values))})

        assert [reader.read({}), reader.read({})] == [{"it": 1}, {"it": 2}]

    def test_makes_a_list_of_a_repeated_key(self) -> None:
        assert read(fields.List(fields.Int()), query=[["it", "1"], ["it", "2"]]) == {"it": [1, 2]}

    def test_makes_a_list_of_a_single_json_value(self) -> None:
        assert read(fields.List(fields.Int()), json={"it": 5}) == {"it": [5]}

    def test_takes_the_first_of_a_repeated_key_for_a_single_value(self) -> None:
        assert read(fields.Int(), query=[["it", "1"], ["it", "2"]]) == {"it": 1}

    @pytest.mark.parametrize("body", [None, [], "text", 5, [{"it": 1}]])
    def test_passes_over_json_that_is_no_object(self, body: Any) -> None:
        assert read(fields.Int(), json=body) == {}

    def test_takes_a_whole_json_list_for_a_list_of_nested(self) -> None:
        assert read(fields.Nested(Point, many=True), json=[{"x": 1}, {"x": "2"}]) == {"it": [{"x": 1}, {"x": 2}]}

    def test_takes_objects_as_json_text_from_forms(self) -> None:
        assert read(fields.Dict(), form=[["it", '{"a": 1}']]) == {"it": {"a": 1}}
        assert read(fields.Nested(Point), query=[["it", '{"x": 1}']]) == {"it": {"x": 1}}

    def test_leaves_text_to_a_field_that_reads_it_itself(self) -> None:
        assert read(Upper(), form=[["it", '{"a": 1}']]) == {"it": '{"A": 1}'}

    def test_refuses_with_the_words_of_the_modules_library(self) -> None:
        field = fields.Int(validate=validate.Range(min=1, error="at least one, please"))

        assert refusal(field, query=[["it", "0"]]) == (422, {"it": ["at least one, please"]})
        assert refusal(field, query=[["it", ""]]) == (422, {"it": ["Not a valid integer."]})

    def test_names_the_place_of_a_fault_inside(self) -> None:
        assert refusal(fields.List(fields.Int()), query=[["it", "1,2"]]) == (
            422,
            {"it": {"0": ["Not a valid integer."]}},
        )

    def test_refuses_broken_json_only_when_it_has_to_look_there(self) -> None:
        assert refusal(fields.Str(), invalid_json=True) == (400, {"json": ["Invalid JSON body."]})
        assert read(fields.Str(), invalid_json=True, query=[["it", "q"]]) == {"it": "q"}

    def test_hands_a_file_over_as_the_class_that_modules_ask_for(self) -> None:
        field = fields.Raw(metadata={"type": "file", "location": "form"})

        upload = read(field, form=[["it", File("a photo.JPG", content_type="image/jpeg", data=b"jpeg")]])["it"]

        assert (type(upload).__name__, upload.name, upload.original_filename) == ("UploadedFile", "it", "a photo.JPG")
        assert upload.content_type == "image/jpeg"
        assert Path(upload.filename).suffix == ".JPG"
        assert Path(upload.filename).read_bytes() == b"jpeg"

    def test_hands_lists_of_files_over_too(self) -> None:
        field = fields.List(fields.Raw(), metadata={"type": "file", "location": "files"})

        uploads = read(field, form=[["it", File("a", data=b"1")], ["it", File("b", data=b"2")]])["it"]

        assert [upload.original_filename for upload in uploads] == ["a", "b"]

    def test_shows_a_file_to_validators_as_aiohttp_does(self) -> None:
        def no_text(file: Any) -> None:
            assert file.file.read() == b"x"
            if file.content_type == "text/plain":
                raise marshmallow.ValidationError(f"{file.filename} is text")

        field = fields.Raw(validate=no_text)

        assert refusal(field, form=[["it", File("a.txt", data=b"x")]]) == (422, {"it": ["a.txt is text"]})

    def test_lets_text_pass_where_a_file_was_meant(self) -> None:
        assert read(fields.Raw(metadata={"type": "file"}), form=[["it", "no file"]]) == {"it": "no file"}

    def test_reads_arguments_by_keyword_wherever_a_request_would_hold_them(self) -> None:
        reader = Reader({"it": fields.Int(data_key="IT", metadata={"location": "headers"})})

        assert reader.by_keyword({"it": "4", "unknown": 1}) == {"it": 4}


class TestAccept:
    field = fields.Str(
        metadata={"location": "headers"}, validate=validate.OneOf(["application/json", "image/png", "text/csv"])
    )

    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ({}, "application/json"),
            ({"accept": "*/*"}, "application/json"),
            ({"accept": "image/*"}, "image/png"),
            ({"accept": "text/html, text/csv;q=0.1"}, "text/csv"),
        ],
    )
    def test_is_negotiated(self, header: dict[str, str], expected: str) -> None:
        assert Reader({"accept": self.field}).read({"headers": header}) == {"accept": expected}

    def test_that_nobody_can_serve_is_refused_with_the_choices(self) -> None:
        with pytest.raises(Refused) as caught:
            Reader({"accept": self.field}).read({"headers": {"accept": "text/html"}})

        assert json.loads(caught.value.body) == {"accept": ["Must be one of: application/json, image/png, text/csv."]}
