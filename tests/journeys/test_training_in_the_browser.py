"""A person starts a training, watches it, goes away, comes back, and predicts with what it learned."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage
from journeys.conftest import begin_training

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]


class TestTraining:
    def test_is_watched_live_and_its_model_is_used(
        self, opened: Open, served: stage.Served, dataset: Path, picture: Path
    ) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="25", pause_s="0.15")

        chart = page.get_by_role("img", name=re.compile("accuracy by step"))
        expect(chart.locator("canvas")).to_be_visible()
        early = page.locator(".legend b").first.inner_text()
        expect(page.locator("#log")).to_contain_text("epoch 2/25")
        expect(page.locator("#status")).to_contain_text("running")
        expect(page.locator(".legend b").first).not_to_have_text(early)
        expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()

        # What came is all there: every epoch once, in order, although the page was drawn in the middle of it.
        expect(page.locator("#status")).to_contain_text("done")
        expect(page.locator("#results")).to_contain_text("82.1 %")
        expect(page.locator(".matrix td.right").first).to_have_text("8")
        lines = page.locator("#log div").all_inner_texts()
        assert [line.split(" ")[1] for line in lines] == [f"{epoch}/25:" for epoch in range(1, 26)]

        page.get_by_role("link", name="Predict with this model").click()
        expect(page.get_by_label("Model")).to_have_value(number)
        page.set_input_files("[name=image]", picture)
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer")).to_contain_text(f"by model {number[:8]}")

    def test_goes_on_when_the_browser_is_closed(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="30", pause_s="0.15")
        expect(page.locator("#log")).to_contain_text("epoch 1/30")
        page.context.close()

        later = opened(f"{served.url}/console/trainings/")
        later.get_by_role("link", name=number[:8]).click()

        expect(later.locator("#log")).to_contain_text("epoch 3/30")
        expect(later.locator("#status")).to_contain_text("done")
        expect(later.locator("#log div")).to_have_count(30)

    def test_shows_a_restarted_server_as_if_nothing_had_been(self, opened: Open, dataset: Path, tmp_path: Path) -> None:
        state = tmp_path / "state"
        with stage.running(state) as served:
            page = opened(served.url)
            number = begin_training(page, served.url, dataset, epochs="30", pause_s="0.1")
            expect(page.locator("#log")).to_contain_text("epoch 1/30")
            page.context.close()
            served.process.kill()
            served.process.wait()

        with stage.running(state) as served:
            page = opened(f"{served.url}/console/trainings/{number}")

            expect(page.locator("#status")).to_contain_text("done")
            expect(page.locator("#log div")).to_have_count(30)

    def test_is_seen_in_the_list_as_it_goes(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="12", pause_s="0.2")
        page.goto(f"{served.url}/console/trainings/?text={number}")

        row = page.locator("tbody tr")
        expect(row).to_contain_text("running")
        expect(row.get_by_role("progressbar")).to_be_visible()
        expect(row).to_contain_text("done")
        expect(row).to_contain_text("82.1 %")

    def test_is_asked_for_again_with_changes(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        first = begin_training(page, served.url, dataset, epochs="1")
        expect(page.locator("#status")).to_contain_text("done")

        page.get_by_role("link", name="Run again with changes").click()
        expect(page.locator("[name=dataset]")).to_have_value(str(dataset))
        page.locator("[name=epochs]").fill("2")
        page.get_by_role("button", name="Start training").click()
        page.wait_for_url("**/console/trainings/*")
        page.get_by_label("Compare with").select_option(first)
        page.wait_for_url("**compare=*")

        expect(page.locator("tr.changed")).to_have_count(1)
        expect(page.locator("tr.changed")).to_contain_text("epochs")

    def test_with_wrong_arguments_is_refused_at_the_fields(self, opened: Open, served: stage.Served) -> None:
        page = opened(f"{served.url}/console/modules/pictures/train")
        page.locator("[name=epochs]").fill("lots")

        page.get_by_role("button", name="Start training").click()

        expect(page.get_by_role("alert")).to_contain_text("Epochs")
        expect(page.get_by_role("alert")).to_be_focused()
        expect(page.locator("#fault-field-epochs")).to_contain_text("'lots'")
        expect(page.locator("#fault-field-dataset")).to_contain_text("missing")
        expect(page.locator("[name=epochs]")).to_have_value("lots")


class TestLog:
    def test_is_filtered_and_followed(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        begin_training(page, served.url, dataset, epochs="60", pause_s="0.02")
        expect(page.locator("#status")).to_contain_text("done")

        log = page.locator("#log")
        assert log.evaluate("e => e.scrollTop + e.clientHeight > e.scrollHeight - 5")
        log.evaluate("e => { e.scrollTop = 0 }")
        expect(page.get_by_label("follow")).not_to_be_checked()

        page.get_by_label("Show only lines with").fill("epoch 7/")
        expect(page.locator("#log div:visible")).to_have_count(1)


class TestCharts:
    def test_have_a_logarithmic_axis_on_demand(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        begin_training(page, served.url, dataset, epochs="5")
        button = page.get_by_role("button", name="log axis for loss")

        button.click()

        expect(button).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("img", name=re.compile("loss by step")).locator("canvas")).to_be_visible()
        expect(page.locator("#charts > section")).to_have_count(2)
