"""A module, a file name and arguments that carry scripts: they are shown, never run."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]

NAME = "<img src=x onerror='window.hacked=1'>.png"


@pytest.fixture(scope="class")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stage.Served]:
    with stage.running(tmp_path_factory.mktemp("hostile") / "state", ["hostile"]) as served:
        yield served


def untouched(page: sync_api.Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script, main img[src=x], main [onerror], main [onload]").count() == 0
    assert page.locator("a[href^='javascript:']").count() == 0


class TestHostileWords:
    def test_in_the_card_and_arguments_are_shown(self, opened: Open, hostile: stage.Served) -> None:
        for path in ("predict", "train", "about"):
            page = opened(f"{hostile.url}/console/modules/hostile/{path}")

            expect(page.locator("main")).to_contain_text("window.hacked")
            untouched(page)

    def test_in_an_answer_and_a_file_name_are_shown(self, opened: Open, hostile: stage.Served) -> None:
        page = opened(hostile.url)
        page.set_input_files("[name=file]", {"name": NAME, "mimeType": "image/png", "buffer": b"\x89PNG"})
        expect(page.locator(".chosen")).to_contain_text("onerror")

        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#answer .bars")).to_contain_text("onerror='window.hacked=1'")
        page.get_by_text("The same from a terminal").click()
        untouched(page)

    def test_in_a_training_are_shown_live_and_later(self, opened: Open, hostile: stage.Served) -> None:
        page = opened(f"{hostile.url}/console/modules/hostile/train")
        page.get_by_role("button", name="Start training").click()
        page.wait_for_url("**/console/trainings/*")

        expect(page.locator("#status")).to_contain_text("done")
        expect(page.locator("#log")).to_contain_text("<script>window.hacked")
        expect(page.locator("#charts")).to_contain_text("window.hacked")
        expect(page.locator("#files")).to_contain_text("onerror=alert(1)")
        untouched(page)
        page.reload()
        expect(page.locator("#log")).to_contain_text("<script>window.hacked")
        untouched(page)
        page.goto(f"{hostile.url}/console/trainings/?text=<script>window.hacked=1</script>")
        untouched(page)

    def test_in_a_failure_are_shown(self, opened: Open, hostile: stage.Served) -> None:
        page = opened(f"{hostile.url}/console/modules/hostile/train")
        page.get_by_label("Fail").check()
        page.get_by_role("button", name="Start training").click()

        expect(page.locator("#status")).to_contain_text("The module raised an error")
        expect(page.locator("#status")).to_contain_text("<script>window.hacked")
        untouched(page)


class TestPolicy:
    def test_stops_a_script_that_got_into_the_page_all_the_same(
        self, chromium: sync_api.Browser, hostile: stage.Served
    ) -> None:
        page = chromium.new_page()
        page.goto(f"{hostile.url}/console/trainings/")

        with page.expect_console_message(lambda said: "inline script" in said.text):
            page.evaluate(
                """() => {
                const script = document.createElement("script");
                script.textContent = "window.hacked = 2";
                document.body.append(script);
            }"""
            )
        with page.expect_console_message(lambda said: "inline event handler" in said.text):
            page.evaluate("document.body.insertAdjacentHTML('beforeend', `<img src=x onerror='window.hacked = 1'>`)")

        assert page.evaluate("window.hacked") is None
        page.close()
