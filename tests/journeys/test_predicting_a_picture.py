"""A person opens the page, gives it a picture and sees what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]

DROP = """async ([selector, bytes, name]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const drop = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.querySelector(selector).dispatchEvent(drop);
}"""


class TestPredicting:
    def test_shows_a_preview_and_then_bars(self, opened: Open, served: stage.Served, picture: Path) -> None:
        page = opened(served.url)

        page.set_input_files("[name=image]", picture)
        expect(page.get_by_role("img", name="Preview of sunset.png")).to_be_visible()
        page.get_by_role("button", name="Predict").click()

        answer = page.locator("#answer")
        expect(answer.locator("li")).to_have_count(3)
        expect(answer.locator(".percent").first).to_contain_text("%")
        expect(answer).to_contain_text("by the pretrained model")

    def test_takes_a_dropped_picture_too(self, opened: Open, served: stage.Served, picture: Path) -> None:
        page = opened(served.url)

        page.evaluate(DROP, ["[data-drop]", list(picture.read_bytes()), "dropped.png"])
        expect(page.get_by_role("img", name="Preview of dropped.png")).to_be_visible()
        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#answer li")).to_have_count(3)

    def test_shows_faults_at_their_fields_and_takes_them_away(
        self, opened: Open, served: stage.Served, picture: Path
    ) -> None:
        page = opened(served.url)
        page.get_by_label("Classes shown").fill("many")

        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#fault-field-image")).to_contain_text("missing")
        expect(page.get_by_label("Classes shown")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("#fault-field-top-5f-k")).to_contain_text("'many'")

        page.set_input_files("[name=image]", picture)
        page.get_by_label("Classes shown").fill("2")
        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#answer li")).to_have_count(2)
        expect(page.get_by_label("Classes shown")).not_to_have_attribute("aria-invalid", "true")
        expect(page.locator("#fault-field-image")).to_be_empty()

    def test_keeps_the_file_when_the_module_refuses_it(
        self, opened: Open, served: stage.Served, tmp_path: Path
    ) -> None:
        wrong = tmp_path / "archive.zip"
        wrong.write_bytes(b"PK\3\4 no picture")
        page = opened(served.url)

        page.set_input_files("[name=image]", wrong)
        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#fault-field-image")).to_contain_text("archive.zip is no PNG or JPEG picture")
        assert page.evaluate("document.querySelector('[name=image]').files[0].name") == "archive.zip"

    def test_tells_the_same_for_the_terminal(self, opened: Open, served: stage.Served, picture: Path) -> None:
        page = opened(served.url)
        page.set_input_files("[name=image]", picture)
        page.get_by_label("Classes shown").fill("1")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer li")).to_have_count(1)

        page.get_by_text("The same from a terminal or a script").click()

        expect(page.get_by_label("Terminal", exact=True)).to_have_text("pelagos predict pictures sunset.png --top-k 1")
        expect(page.get_by_role("button", name="Copy the curl lines")).to_be_visible()


class TestStreaming:
    def test_shows_the_first_words_before_the_last(self, opened: Open, tmp_path: Path) -> None:
        with stage.running(tmp_path / "state", ["talking"]) as served:
            page = opened(served.url)
            page.locator("[name=words]").fill("40")
            page.locator("[name=pause_s]").fill("0.1")

            page.get_by_role("button", name="Predict").click()

            expect(page.locator("#answer")).to_contain_text("word 1 <b>bold</b>")
            assert "word 40" not in page.locator("#answer").inner_text()
            expect(page.locator("#answer")).to_contain_text("Answered in")
            expect(page.locator("#answer")).to_contain_text("word 40")
