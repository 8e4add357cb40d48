"""A person whose browser runs no scripts can do all of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]


class TestWithoutScripts:
    def test_a_picture_is_predicted(self, opened: Open, served: stage.Served, picture: Path) -> None:
        page = opened(served.url, java_script_enabled=False)

        page.set_input_files("[name=image]", picture)
        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#answer li")).to_have_count(3)

    def test_a_training_is_started_read_and_deleted(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(f"{served.url}/console/modules/pictures/train", java_script_enabled=False)
        page.locator("[name=dataset]").fill(str(dataset))
        page.get_by_role("button", name="Start training").click()
        page.wait_for_url("**/console/trainings/*")

        until_done(page)

        expect(page.locator("#log")).to_contain_text("epoch 5/5")
        page.get_by_text("Figures as a table").click()
        expect(page.get_by_role("row", name="5", exact=False).first).to_be_visible()
        page.get_by_label("Show only lines with").fill("epoch 3")
        page.get_by_label("Show only lines with").press("Enter")
        expect(page.locator("#log div")).to_have_count(1)
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete its files").click()
        expect(page.locator("#status")).to_contain_text("Its files were deleted")


def until_done(page: sync_api.Page) -> None:
    """Load the page again until the training has ended, as its reader would."""
    for _ in range(200):
        if "done" in page.locator("#status").inner_text():
            return
        page.reload()
    raise AssertionError("it was never done")
