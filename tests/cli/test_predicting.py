import pytest

from pelagos.cli import predicting


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
