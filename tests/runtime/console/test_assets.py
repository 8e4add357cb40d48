from __future__ import annotations

import hashlib
import json
from pathlib import Path

import httpx
import pytest

from pelagos.runtime.console import assets

VENDOR = assets.FOLDER / "vendor"
FIXTURES = Path(__file__).parents[2] / "journeys" / "vendor"
PINNED = [(folder, one) for folder in (VENDOR, FIXTURES) for one in json.loads((folder / "manifest.json").read_text())]


class TestVendoredFiles:
    @pytest.mark.parametrize(("folder", "one"), PINNED, ids=lambda value: getattr(value, "name", str(value))[:40])
    def test_are_the_ones_that_were_checked(self, folder: Path, one: dict[str, str]) -> None:
        digest = hashlib.sha256((folder / one["file"]).read_bytes()).hexdigest()

        assert digest == one["sha256"]
        assert len((folder / one["licence_file"]).read_text()) > 300

    def test_are_all_pinned(self) -> None:
        for folder in (VENDOR, FIXTURES):
            pinned = {one["file"] for one in json.loads((folder / "manifest.json").read_text())}

            assert {path.name for path in folder.iterdir() if path.suffix in (".js", ".css")} == pinned


class TestAssets:
    def test_are_kept_by_the_browser_as_long_as_they_stay_the_same(self, client: httpx.Client) -> None:
        answer = client.get(f"/console{assets.address('console.css')}")

        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]

    def test_under_an_old_address_are_not_kept(self, client: httpx.Client) -> None:
        answer = client.get("/console/static/0123/console.css")

        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")

    @pytest.mark.parametrize(
        "name", ["../desk.py", "..%2fdesk.py", "%2e%2e/desk.py", "vendor/manifest.json", "", "/etc/passwd", "vendor"]
    )
    def test_are_all_that_is_served(self, client: httpx.Client, name: str) -> None:
        assert client.get(f"/console/static/{assets.digest()}/{name}", follow_redirects=True).status_code == 404
