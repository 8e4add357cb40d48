"""No act for another site's page."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.conftest import client_of

PREDICT = "/v2/models/odd/predict/"


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
