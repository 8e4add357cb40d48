"""A person cancels one training and deletes another, each after being asked back."""

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


class TestEnding:
    def test_by_cancel_stops_it_and_keeps_the_record(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        begin_training(page, served.url, dataset, epochs="400", pause_s="0.1")
        expect(page.locator("#log")).to_contain_text("epoch 1/400")

        page.get_by_role("link", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel training")
        page.get_by_role("button", name="Cancel the training").click()

        expect(page.locator("#status")).to_contain_text("cancelled")
        expect(page.get_by_role("link", name="Cancel", exact=True)).to_have_count(0)
        expect(page.locator("#log")).to_contain_text("epoch 1/400")

    def test_may_be_thought_over(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        begin_training(page, served.url, dataset, epochs="400", pause_s="0.1")
        page.get_by_role("link", name="Cancel").click()

        page.get_by_role("link", name="Let it go on").click()

        expect(page.locator("#status")).to_contain_text("running")
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("button", name="Cancel the training").click()

    def test_by_delete_takes_it_from_the_list_and_the_models(
        self, opened: Open, served: stage.Served, dataset: Path
    ) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="1")
        expect(page.locator("#status")).to_contain_text("done")

        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete its files").click()

        expect(page.locator("#status")).to_contain_text("Its files were deleted")
        page.goto(f"{served.url}/console/trainings/?text={number}")
        expect(page.locator("#rows")).to_contain_text("No training is like that.")
        page.get_by_label("show deleted").check()
        expect(page.locator("#rows")).to_contain_text(number[:8])
        assert "deleted=1" in page.url
        page.goto(served.url)
        expect(page.locator(f"option[value='{number}']")).to_have_count(0)
