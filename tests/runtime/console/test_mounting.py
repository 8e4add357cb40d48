from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from journeys import stage
from pelagos.runtime import console, trained
from pelagos.runtime import service as services
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import guard


class TestFirstPage:
    def test_is_the_console_for_a_browser_only(self, client: httpx.Client) -> None:
        assert client.get("/").headers["location"] == "/console/"
        assert "versions" in client.get("/", headers={"accept": "application/json"}).json()
        assert "versions" in client.get("/", headers={"accept": "*/*"}).json()

    def test_lists_the_modules_when_there_are_several(self, client: httpx.Client) -> None:
        text = client.get("/console/").text

        for name in stage.ENTRIES:
            assert f"/console/modules/{name}/predict" in text

    def test_of_one_module_is_its_predict_page(self, tmp_path: Path) -> None:
        with stage.running(tmp_path / "state") as served, httpx.Client(base_url=served.url) as client:
            assert client.get("/console/").headers["location"] == "/console/modules/pictures/predict"


class TestBasePath:
    def test_is_part_of_every_address(self, tmp_path: Path) -> None:
        with stage.running(tmp_path / "state", base_path="/my/base") as served:
            headers = {"accept": "text/html"}
            with httpx.Client(base_url=served.url, headers=headers, follow_redirects=True) as client:
                for path in ("/", "/console/trainings/", "/console/modules/pictures/train"):
                    answer = client.get(path)
                    addresses = re.findall(r'(?:href|src|action)="([^"]*)"', answer.text)

                    assert answer.status_code == 200
                    assert [each for each in addresses if not each.startswith(("/my/base/", "#"))] == []
                    assert client.get(addresses[1].removeprefix("/my/base")).status_code == 200


class TestAbout:
    def test_shows_card_and_arguments(self, client: httpx.Client) -> None:
        text = client.get("/console/modules/pictures/about").text

        assert "Apache-2.0" in text
        assert '<a href="https://example.org/pictures"' in text
        assert "Arguments to train" in text
        assert "pelagos describe pictures" in text

    def test_links_to_web_addresses_only(self, client: httpx.Client) -> None:
        text = client.get("/console/modules/hostile/about").text

        assert 'href="javascript:' not in text
        assert "<script>window" not in text


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "expected"),
        [(0.0123, "12 ms"), (2.34, "2.3 s"), (42.4, "42 s"), (75, "1 min 15 s"), (7290, "2 h 1 min")],
    )
    def test_for_lengths_of_time(self, seconds: float, expected: str) -> None:
        assert desks.elapsed(seconds) == expected

    @pytest.mark.parametrize(
        ("count", "expected"),
        [(0, "0 bytes"), (999, "999 bytes"), (1500, "2 KB"), (17_200_000, "17.2 MB"), (3e12, "3000.0 GB")],
    )
    def test_for_sizes(self, count: int, expected: str) -> None:
        assert desks.size(count) == expected


class TestWithoutJobs:
    def test_the_list_is_a_page_that_says_so(self, tmp_path: Path) -> None:
        async def ask() -> httpx.Response:
            service = services.Service(services.RuntimeSettings(), {}, None, trained.Models(None), tmp_path)
            transport = httpx.ASGITransport(Starlette(routes=console.routes(service)))
            async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
                return await client.get("/console/trainings/")

        answer = asyncio.run(ask())

        assert answer.status_code == 404
        assert "Nothing can be trained here." in answer.text
        assert answer.headers["content-security-policy"] == guard.POLICY
