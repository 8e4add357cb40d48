"""Tests of pelagos.module.deepaas_answers."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import marshmallow
import pytest
from marshmallow import fields

from pelagos.module import deepaas_answers
from pelagos.module.adapter import Answer
from pelagos.module.arguments import BadInput


class ReturnedFile(NamedTuple):
    filename: str
    original_filename: str | None = None


def body(answer: Answer) -> bytes:
    return answer.body if isinstance(answer.body, bytes) else b"".join(answer.body)


class TestAnswer:
    @pytest.mark.parametrize("accept", [None, "application/json", "*/*"])
    def test_wraps_any_json_value(self, accept: str | None) -> None:
        answer = deepaas_answers.answer([1, {"a": None}], accept, None)

        assert json.loads(body(answer)) == {"status": "OK", "predictions": [1, {"a": None}]}
        assert answer.media_type == "application/json"

    def test_gives_what_has_a_schema_as_it_is(self) -> None:
        schema = marshmallow.Schema.from_dict({"label": fields.Str(), "score": fields.Float()})()

        answer = deepaas_answers.answer({"label": "rose", "score": "0.5"}, None, schema)

        assert json.loads(body(answer)) == {"label": "rose", "score": "0.5"}

    def test_refuses_what_does_not_fit_the_schema_with_the_reason(self) -> None:
        schema = marshmallow.Schema.from_dict({"label": fields.Str(required=True)})()

        with pytest.raises(ValueError, match=r'does not fit .*"label": ."Missing data'):
            deepaas_answers.answer({}, None, schema)

    def test_streams_a_generator_as_events(self) -> None:
        def steps() -> Iterator[dict[str, int]]:
            yield {"step": 1}
            yield {"step": 2}

        answer = deepaas_answers.answer(steps(), None, None)

        assert body(answer) == b'data: {"step": 1}\n\ndata: {"step": 2}\n\n'
        assert answer.media_type == "text/event-stream"

    @pytest.mark.parametrize(
        ("result", "expected"),
        [
            (b"raw", b"raw"),
            (bytearray(b"raw"), b"raw"),
            ("wörd", "wörd".encode()),
            (None, b""),
            (io.StringIO("wörd"), "wörd".encode()),
        ],
    )
    def test_gives_other_media_types_as_they_are(self, result: Any, expected: bytes) -> None:
        answer = deepaas_answers.answer(result, "image/png", None)

        assert (body(answer), answer.media_type) == (expected, "image/png")

    def test_sends_all_of_a_buffer_wherever_it_stands(self) -> None:
        buffer = io.BytesIO()
        buffer.write(b"picture")

        assert body(deepaas_answers.answer(buffer, "image/png", None)) == b"picture"

    @pytest.mark.parametrize("size", [10, 1_000_000])
    def test_sends_an_open_file_as_an_attachment(self, tmp_path: Path, size: int) -> None:
        path = tmp_path / "my plot.png"
        path.write_bytes(b"x" * size)

        answer = deepaas_answers.answer(path.open("rb"), "image/png", None)

        assert answer.headers["Content-Disposition"] == 'attachment; filename="my%20plot.png"'
        assert answer.headers["Content-Length"] == str(size)
        assert body(answer) == b"x" * size

    def test_opens_a_file_that_was_returned_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "a.zip").write_bytes(b"zip")

        answer = deepaas_answers.answer(ReturnedFile(str(tmp_path / "a.zip")), "application/zip", None)

        assert body(answer) == b"zip"

    def test_says_what_was_expected_of_another_media_type(self) -> None:
        with pytest.raises(TypeError, match="returned a dict for image/png; expected bytes, text"):
            deepaas_answers.answer({}, "image/png", None)


class TestRefusal:
    def test_of_a_validation_error_names_the_field(self) -> None:
        refused = deepaas_answers.refusal(marshmallow.ValidationError({"data": ["no picture"]}), {})

        assert refused is not None
        assert (refused.status, json.loads(refused.body)) == (422, {"data": ["no picture"]})

    def test_of_bad_input_names_the_field(self) -> None:
        refused = deepaas_answers.refusal(BadInput("no picture", field="data"), {})

        assert refused is not None
        assert (refused.status, json.loads(refused.body)) == (422, {"data": ["no picture"]})

    @pytest.mark.parametrize(
        ("accept", "expected"),
        [
            ("*/*", b"501: not written yet"),
            ("application/json", b'{"error": {"code": "module_error", "message": "not written yet", "hint": ""}}'),
        ],
    )
    def test_of_an_unwritten_function_is_in_the_form_the_client_takes(self, accept: str, expected: bytes) -> None:
        refused = deepaas_answers.refusal(NotImplementedError("not written yet"), {"headers": {"accept": accept}})

        assert refused is not None
        assert (refused.status, refused.body) == (501, expected)

    def test_is_none_for_the_modules_own_faults(self) -> None:
        assert deepaas_answers.refusal(ValueError("a bug"), {}) is None
