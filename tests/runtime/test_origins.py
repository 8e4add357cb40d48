"""No act for another site's page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pelagos.runtime import origins
from runtime.conftest import client_of

PREDICT = "/v2/models/odd/predict/"


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


class TestRefuse:
    @pytest.mark.parametrize("path", [PREDICT, "/v2/models/odd/train/", "/console/modules/odd/predict"])
    def test_keeps_other_sites_from_acting(self, code: Any, path: str) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                answer = await client.post(path, headers={"origin": "https://evil.example"})
                assert answer.status_code == 403

        asyncio.run(body())

    def test_lets_other_sites_link_to_pages(self, code: Any) -> None:
        async def body() -> None:
            async with client_of(code("Odd")) as (client, _):
                answer = await client.get("/v2/models/odd/", headers={"sec-fetch-site": "cross-site"})
                assert answer.status_code == 200

        asyncio.run(body())
