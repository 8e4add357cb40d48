"""A person narrows the list, goes on and comes back with the browser's own button."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage
from journeys.conftest import begin_training

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]


class TestFilters:
    def test_live_in_the_address_and_survive_going_back(
        self, opened: Open, served: stage.Served, dataset: Path
    ) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="1")
        expect(page.locator("#status")).to_contain_text("done")
        page.goto(f"{served.url}/console/trainings/")

        page.get_by_label("Search").fill(number)
        page.wait_for_url(f"**text={number}*")
        expect(page.locator("tbody tr")).to_have_count(1)
        page.get_by_label("State").select_option("failed")
        expect(page.locator("#rows")).to_contain_text("No training is like that.")

        page.go_back()
        expect(page.locator("tbody tr")).to_have_count(1)
        expect(page.get_by_label("Search")).to_have_value(number)

        page.get_by_role("link", name=number[:8]).click()
        page.go_back()
        expect(page.get_by_label("Search")).to_have_value(number)
