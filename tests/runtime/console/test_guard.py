from __future__ import annotations

import httpx
import pytest

from pelagos.runtime.console import guard

ACTS = "/console/modules/pictures/predict"


class TestGuard:
    def test_lets_other_sites_link_to_pages(self, client: httpx.Client) -> None:
        answer = client.get(ACTS, headers={"sec-fetch-site": "cross-site"})

        assert answer.status_code == 200

    @pytest.mark.parametrize("path", ["/console/trainings/", "/console/nothing-here", "/console/modules/x/predict"])
    def test_gives_every_page_the_strict_policy(self, client: httpx.Client, path: str) -> None:
        answer = client.get(path)

        assert answer.headers["content-security-policy"] == guard.POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in guard.POLICY
