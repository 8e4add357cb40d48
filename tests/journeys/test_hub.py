"""People train, compare, deploy and predict in the dashboard, while browsers are closed and hubs are killed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

import hub_world
from journeys.conftest import PATIENCE_MS
from pelagos import environments

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, installed_modules: environments.Environments
) -> Iterator[hub_world.Process]:
    """One hub for the stories that do no harm to it."""
    state = hub_world.link_modules(tmp_path_factory.mktemp("hub") / "state", installed_modules)
    with hub_world.process(state) as running:
        yield running


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three files in two folders, packed."""
    path = tmp_path / "birds.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("finch/1.txt", "finch/2.txt", "tern/<img src=x onerror='window.hacked=1'>.txt"):
            packed.writestr(f"birds/{name}", "1")
    return path


def train(page: sync_api.Page, hub: hub_world.Process, **said: str) -> str:
    """Fill the form in and send it; gives the id of the run when its page is there."""
    page.goto(f"{hub.address}/modules/counting/train")
    for name, value in said.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Start training").click()
    page.wait_for_url("**/runs/*")
    return page.url.rpartition("/")[2]


class TestTraining:
    def test_with_an_archive_outlives_the_browser_and_the_hub(
        self, opened: Open, tmp_path: Path, archive: Path, installed_modules: environments.Environments
    ) -> None:
        state = hub_world.link_modules(tmp_path / "state", installed_modules)
        with hub_world.process(state) as first:
            page = opened(first.login())
            page.goto(f"{first.address}/modules/counting/train")
            page.set_input_files("[name=_upload]", archive)
            expect(page.get_by_label("an upload", exact=True)).to_be_checked()
            page.locator("[name=epochs]").fill("40")
            page.locator("[name=delay_s]").fill("0.2")
            page.get_by_role("button", name="Start training").click()
            page.wait_for_url("**/runs/*")
            number = page.url.rpartition("/")[2]

            expect(page.get_by_role("img", name=re.compile("loss by step")).locator("canvas")).to_be_visible()
            expect(page.locator("#log")).to_contain_text("epoch 2 of 40")
            page.context.close()
            first.kill()

        with hub_world.process(state) as second:
            page = opened(second.login())
            page.goto(f"{second.address}/runs")
            page.get_by_role("link", name=number[:8]).click()

            expect(page.locator("#status")).to_contain_text("running")
            expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)
            expect(page.locator("#log div")).to_have_count(40)
            expect(page.locator("#results")).to_contain_text("files3")
            expect(page.locator("#results")).to_contain_text("Model card")


class TestDeployment:
    def test_of_a_new_model_predicts_through_the_hub_and_goes(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        number = train(page, hub, epochs="4")
        expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)

        page.get_by_role("link", name="Deploy this model").click()
        expect(page.get_by_label("Model that predictions use")).to_have_value(number)
        page.get_by_label("Name").fill("Adding up")
        page.get_by_role("button", name="Deploy").click()
        page.wait_for_url("**/deployment/*")
        expect(page.locator("#status")).to_contain_text("create complete", timeout=60_000)

        page.get_by_role("link", name="Console").click()
        page.get_by_label("Values").fill("[1, 2]")
        page.get_by_role("button", name="Predict").click()
        expect(page.locator("#answer")).to_contain_text("7")
        expect(page.locator("#answer")).to_contain_text(number)

        page.goto(f"{hub.address}/deployments")
        page.get_by_role("link", name=re.compile("^Adding up")).click()
        page.get_by_role("link", name="Delete").click()
        page.get_by_role("button", name="Delete it").click()
        expect(page.locator("#status")).to_contain_text("delete complete", timeout=PATIENCE_MS)
        page.goto(f"{hub.address}/deployments")
        expect(page.locator("#rows")).not_to_contain_text("Adding up")
