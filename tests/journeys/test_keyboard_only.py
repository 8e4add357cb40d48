"""A person who uses no mouse predicts, starts a training and cancels it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]

# A file field is invisible and lies on its drop zone, which then wears the outline.
OUTLINED = """() => {
    const focused = document.activeElement;
    const shown = [focused, focused.closest("[data-drop]") ?? focused];
    return shown.some((one) => getComputedStyle(one).outlineStyle !== "none");
}"""


def tab_to(page: sync_api.Page, wanted: str) -> None:
    """Press Tab until the wanted element has the focus, which has to be seen at every step."""
    page.wait_for_load_state()
    for _ in range(60):
        page.keyboard.press("Tab")
        assert page.evaluate(OUTLINED)
        if page.locator(f"{wanted}:focus").count():
            return
    raise AssertionError(f"Tab never came to {wanted}")


class TestKeyboardOnly:
    def test_begins_with_a_way_past_the_navigation(self, opened: Open, served: stage.Served) -> None:
        page = opened(served.url)

        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")

        assert page.url.endswith("#main")

    def test_a_training_is_started_and_cancelled(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(f"{served.url}/console/modules/pictures/train")
        tab_to(page, "[name=dataset]")
        page.keyboard.type(str(dataset))
        tab_to(page, "[name=epochs]")
        page.keyboard.press("Control+A")
        page.keyboard.type("400")
        tab_to(page, "summary")
        page.keyboard.press("Enter")
        tab_to(page, "[name=pause_s]")
        page.keyboard.press("Control+A")
        page.keyboard.type("0.1")
        page.keyboard.press("Enter")
        page.wait_for_url("**/console/trainings/*")

        tab_to(page, "a:text-is('Cancel')")
        page.keyboard.press("Enter")
        page.wait_for_url("**/cancel")
        tab_to(page, "button:has-text('Cancel the training')")
        page.keyboard.press("Enter")

        expect(page.locator("#status")).to_contain_text("cancelled")

    def test_a_picture_is_predicted(self, opened: Open, served: stage.Served, picture: Path) -> None:
        page = opened(served.url)
        with page.expect_file_chooser() as chooser:
            tab_to(page, "[name=image]")
            page.keyboard.press("Enter")
        chooser.value.set_files(picture)
        tab_to(page, "button[type=submit]")

        page.keyboard.press("Enter")

        expect(page.locator("#answer li")).to_have_count(3)

    def test_the_theme_is_switched_and_remembered(self, opened: Open, served: stage.Served) -> None:
        page = opened(served.url, color_scheme="light")
        tab_to(page, "[data-theme-toggle]")

        page.keyboard.press("Space")

        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
