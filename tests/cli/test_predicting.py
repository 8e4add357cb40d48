import pytest

from pelagos.cli import predicting
from pelagos.domain import errors


class TestUnwrapped:
    @pytest.mark.parametrize(
        ("body", "inside"),
        [
            (b'{"status": "OK", "predictions": {"a": 1}}', b'{"a": 1}'),
            (b'{"status": "OK", "predictions": null}', b"null"),
            (b'{"labels": []}', b'{"labels": []}'),
            (b"\x89PNG", b"\x89PNG"),
        ],
    )
    def test_is_what_the_module_answered(self, body: bytes, inside: bytes) -> None:
        assert predicting.unwrapped(body) == inside


class TestRefusal:
    def test_names_every_fault_of_the_module_by_its_flag(self) -> None:
        error = predicting.refusal(b'{"number": ["Too big."], "items": {"0": ["Not a number."]}, "json": "broken"}')

        assert isinstance(error, errors.InvalidInput)
        assert error.faults == {"--number": ["Too big."], "--items": ["0: Not a number."], "--json": ["broken"]}

    @pytest.mark.parametrize(
        ("body", "message"), [(b"500: it broke", "500: it broke"), (b'"no"', "no"), (b"", "The module's")]
    )
    def test_is_a_failure_when_it_names_none(self, body: bytes, message: str) -> None:
        error = predicting.refusal(body)

        assert isinstance(error, errors.ModuleFailed)
        assert error.message.startswith(message)


class TestSuffix:
    @pytest.mark.parametrize(
        ("media_type", "suffix"),
        [
            ("application/json", ".json"),
            ("application/json; charset=utf-8", ".json"),
            ("text/event-stream", ".json"),
            ("image/png", ".png"),
            ("application/x-own", ".bin"),
        ],
    )
    def test_follows_from_the_type_of_the_answer(self, media_type: str, suffix: str) -> None:
        assert predicting.suffix(media_type) == suffix

    def test_of_json_is_always_looked_for(self) -> None:
        assert predicting.suffixes(["image/png"]) == {".json", ".png"}
