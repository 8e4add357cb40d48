"""Tests of pelagos.module.deepaas_accept."""

from __future__ import annotations

import pytest
from marshmallow import fields, validate

from pelagos.module import deepaas_accept

OFFERED = ["application/json", "image/png", "image/jpeg"]


class TestChoose:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("image/png", "image/png"),
            ("*/*", "application/json"),
            ("image/*", "image/png"),
            ("text/html, image/jpeg;q=0.5", "image/jpeg"),
            ("image/jpeg;q=0.2, image/png;q=0.9", "image/png"),
            ("application/json;q=0, */*;q=0.1", "image/png"),
            ("IMAGE/PNG", "image/png"),
            ("image/png;level=1", "image/png"),
            ("image/*, application/json", "application/json"),
            ("text/html", None),
            ("image/png;q=0", None),
            ("image/png;q=much", None),
            ("", None),
        ],
    )
    def test_takes_what_suits_the_client_best(self, header: str, expected: str | None) -> None:
        assert deepaas_accept.choose(header, OFFERED) == expected


class TestPrepare:
    def test_makes_the_first_choice_the_default_and_adds_anything(self) -> None:
        field = fields.Str(load_default="image/png", validate=validate.OneOf(["application/json", "image/png"]))

        prepared = deepaas_accept.prepare({"accept": field})["accept"]

        assert prepared.load_default == "application/json"
        assert prepared.deserialize("*/*") == "*/*"

    def test_leaves_the_modules_own_objects_alone(self) -> None:
        choices = ["application/json", "image/png"]
        field = fields.Str(load_default="image/png", validate=validate.OneOf(choices))

        deepaas_accept.prepare({"accept": field})
        deepaas_accept.prepare({"accept": field})

        assert choices == ["application/json", "image/png"]
        assert field.load_default == "image/png"
        assert deepaas_accept.media_types(field) == choices

    def test_accepts_a_field_without_choices(self) -> None:
        field = fields.Str(load_default="image/png")

        prepared = deepaas_accept.prepare({"accept": field})

        assert prepared["accept"].load_default == "image/png"

    def test_finds_the_choices_among_several_validators(self) -> None:
        field = fields.Str(validate=[validate.Length(min=1), validate.OneOf(["text/csv"])])

        assert deepaas_accept.media_types(field) == ["text/csv"]
