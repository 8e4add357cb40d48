"""What browsers tell of the page that asks."""

from __future__ import annotations

import pytest

from pelagos.identity import origins


class TestFromElsewhere:
    @pytest.mark.parametrize(
        ("headers", "expected"),
        [
            ({"sec-fetch-site": "same-origin"}, False),
            ({"sec-fetch-site": "none"}, False),
            ({"sec-fetch-site": "cross-site"}, True),
            ({"sec-fetch-site": "same-site"}, True),
            ({"origin": "http://h:1", "host": "h:1"}, False),
            ({"origin": "http://h:2", "host": "h:1"}, True),
            ({"origin": "http://h:1.evil.example", "host": "h:1"}, True),
            ({"origin": "null", "host": "h:1"}, True),
            ({"host": "h:1"}, False),
        ],
    )
    def test_is_what_the_browser_says(self, headers: dict[str, str], expected: bool) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]

        assert origins.from_elsewhere(raw) is expected


class TestChangesNothing:
    @pytest.mark.parametrize(
        ("method", "expected"), [("GET", True), ("HEAD", True), ("POST", False), ("DELETE", False)]
    )
    def test_goes_by_the_method(self, method: str, expected: bool) -> None:
        assert origins.changes_nothing(method) is expected
