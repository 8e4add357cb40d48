"""From errors to HTTP answers."""

import json

import pytest

from pelagos.domain import errors as domain_errors
from pelagos.runtime import errors


class TestAnswer:
    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (domain_errors.InvalidInput({"a": ["b"]}), 422),
            (domain_errors.NotFound(), 404),
            (domain_errors.StaleRecord(), 409),
            (domain_errors.Busy(), 429),
            (domain_errors.WorkerDied(), 503),
            (domain_errors.TooLarge(), 413),
            (domain_errors.Timeout(), 504),
            (domain_errors.ModuleFailed(), 500),
            (domain_errors.PelagosError(), 500),
            (errors.Declined(402), 402),
            (RuntimeError("secret"), 500),
        ],
    )
    def test_has_the_status_of_its_class(self, error: Exception, status: int) -> None:
        assert errors.answer(error).status == status

    def test_tells_nothing_of_what_is_not_ours(self) -> None:
        assert errors.answer(RuntimeError("secret")).body == b"500: Internal Server Error"

    def test_gives_faults_as_deepaas_does(self) -> None:
        answer = errors.answer(domain_errors.InvalidInput({"number": ["is odd"]}))

        assert (answer.body, answer.media_type) == (b'{"number": ["is odd"]}', "application/json")

    def test_is_a_line_of_text_or_one_shape_of_json(self) -> None:
        error = domain_errors.ModuleFailed("ValueError: no", error_id="abc", hint="look")

        assert errors.answer(error, "*/*").body == b"500: ValueError: no (error abc)"
        assert json.loads(errors.answer(error, "text/html, application/json").body) == {
            "error": {"code": "module_error", "message": "ValueError: no", "hint": "look", "id": "abc"}
        }

    def test_says_when_to_come_back_and_what_is_allowed(self) -> None:
        assert errors.answer(domain_errors.Busy()).headers == {"Retry-After": "1"}
        assert errors.answer(errors.Declined(405, allow="GET")).headers == {"Allow": "GET"}
        assert errors.answer(domain_errors.TooLarge()).headers == {"Connection": "close"}

    def test_passes_on_what_the_modules_library_wrote(self) -> None:
        answer = errors.answer(errors.Passed(422, b'{"a": ["no"]}', "application/json"))

        assert (answer.status, answer.body) == (422, b'{"a": ["no"]}')
