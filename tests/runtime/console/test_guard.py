from __future__ import annotations

import httpx
import pytest
from starlette.datastructures import Headers

from pelagos.runtime.console import guard

ACTS = "/console/modules/pictures/predict"


class TestElsewhere:
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
        assert guard.from_elsewhere(Headers(headers)) is expected


class TestGuard:
    def test_refuses_acts_that_another_sites_page_asked_for(self, client: httpx.Client) -> None:
        answer = client.post(ACTS, data={"_sent": "1"}, headers={"origin": "https://evil.example"})

        assert answer.status_code == 403

    def test_lets_other_sites_link_to_pages(self, client: httpx.Client) -> None:
        answer = client.get(ACTS, headers={"sec-fetch-site": "cross-site"})

        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/console/trainings/", "/console/nothing-here", "/console/modules/x/predict"])
    def test_gives_every_page_the_strict_policy(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)

        assert answer.headers["content-security-policy"] == guard.POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in guard.POLICY
