"""People find a module, try it, cite it, install another and review a third, in the dashboard."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

import hub_world
from journeys.conftest import PATIENCE_MS
from journeys.test_accessibility import violations
from pelagos import environments
from pelagos.catalog import scaffold

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]

MODULES = Path(__file__).parents[1] / "modules_for_tests"
EVIL = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"
README = f"""# Birds {EVIL}

[click](javascript:window.hacked=1) ![far](http://example.org/far.png) <svg onload="window.hacked=1">

<iframe srcdoc="<script>parent.hacked=1</script>"></iframe> <a href="data:text/html,<script>1</script>">x</a>

| a | b |
|---|---|
| 1 | 2 |
"""
CARD = f"""
title = "Birds {EVIL}"
summary = "Tells finches from terns. {EVIL}"
tags = ["{EVIL}", "birds", "\\"onmouseover=window.hacked=1"]
task = "{EVIL}"
category = "{EVIL}"
libraries = ["javascript:window.hacked=1"]
limitations = "{EVIL}"

[[authors]]
name = "{EVIL}"

[[examples]]
name = "{EVIL}"
input = {{ text = "{EVIL}" }}
expected = "</script>{EVIL}"
"""


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, installed_modules: environments.Environments
) -> Iterator[hub_world.Process]:
    """A hub whose catalog has the test modules, a hostile card, and many more."""
    base = tmp_path_factory.mktemp("catalogue")
    shelf = base / "shelf"
    (shelf / "birds").mkdir(parents=True)
    (shelf / "birds" / "module.toml").write_text(CARD)
    (shelf / "birds" / "README.md").write_text(README)
    for number in range(30):
        (shelf / f"plankton-{number}").mkdir()
        (shelf / f"plankton-{number}" / "module.toml").write_text(
            f'title = "Plankton {number}"\nversion = "1.0"\ntags = ["sea"]\n'
        )
    with hub_world.process(hub_world.link_modules(base / "state", installed_modules)) as running:
        with running.client() as client:
            client.post("/api/v1/sources", json={"location": str(shelf)}).raise_for_status()
            for source in ("shelf", "installed"):
                client.post(f"/api/v1/sources/{source}/refresh").raise_for_status()
            # It has an older version now, and is broken.
            changed = shelf / "plankton-0" / "module.toml"
            for text in ('version = "2.0"\ntags = ["sea"]\n', 'version = "2.0\n'):
                changed.write_text(f'title = "Plankton 0"\n{text}')
                client.post("/api/v1/sources/shelf/refresh").raise_for_status()
        yield running


def unhurt(page: sync_api.Page) -> None:
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script:not([type]), main img, main [onerror], main [onload], main iframe").count() == 0
    assert page.locator("a[href^='javascript:'], a[href^='data:']").count() == 0


class TestFinding:
    def test_a_module_by_a_misspelt_word_and_trying_its_example(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        page.get_by_role("link", name="Modules", exact=True).click()
        page.get_by_role("searchbox", name="Search", exact=True).fill("trivail")
        page.get_by_role("link", name="Trivial", exact=True).click()
        page.get_by_role("link", name="Try this example").click()
        page.get_by_role("button", name="Start it").click()
        page.locator("#act button:enabled", has_text="Predict").wait_for(timeout=60_000)
        expect(page.get_by_label("Text")).to_have_value("hello")

        page.get_by_role("button", name="Predict").click()

        expect(page.locator("#answer")).to_contain_text("hello")
        expect(page.locator("#answer")).to_contain_text("Answered in")

    def test_with_facets_stays_in_the_address_and_the_history(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        page.goto(f"{hub.address}/modules")
        page.get_by_role("checkbox", name="sea").check()
        expect(page.locator(".found-line")).to_contain_text("30 modules")
        page.get_by_role("link", name="Next").click()
        expect(page).to_have_url(f"{hub.address}/modules?tag=sea&page=2")
        expect(page.get_by_role("checkbox", name="sea")).to_be_checked()

        page.go_back()
        page.go_back()

        expect(page.locator(".found-line")).to_contain_text("33 modules")
        expect(page.get_by_role("checkbox", name="sea")).not_to_be_checked()

    def test_by_keyboard_alone(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        page.keyboard.press("Control+k")
        page.keyboard.type("counting")
        expect(page.locator("#palette .found a").first).to_have_text(
            "Counting Adds numbers up, and learns what to add."
        )
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")

        expect(page).to_have_url(f"{hub.address}/modules/counting")
        page.keyboard.press("Control+k")
        expect(page.locator("#palette")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#palette")).to_be_hidden()


class TestTheCatalog:
    def test_shows_hostile_words_and_runs_none(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        for path in (
            "/modules/birds",
            "/modules?q=finches",
            "/search?q=finches",
            "/sources",
            "/",
            "/modules/birds?x=<script>",
        ):
            page.goto(hub.address + path)
            expect(page.locator("h1")).to_be_visible()
            unhurt(page)
        page.goto(f"{hub.address}/modules/birds")
        expect(page.locator(".prose")).to_contain_text("window.hacked")
        page.keyboard.press("Control+k")
        page.keyboard.type("finches")
        expect(page.locator("#palette .found")).to_contain_text("window.hacked")
        unhurt(page)

    def test_is_up_to_date_in_pages_that_are_open(self, opened: Open, hub: hub_world.Process, tmp_path: Path) -> None:
        (tmp_path / "fresh" / "terns").mkdir(parents=True)
        (tmp_path / "fresh" / "terns" / "module.toml").write_text('title = "Terns of today"\n')
        page = opened(hub.login())
        page.goto(f"{hub.address}/modules?q=terns+of+today")
        expect(page.get_by_role("link", name="Terns of today")).to_have_count(0)

        with hub.client() as client:
            client.post("/api/v1/sources", json={"location": str(tmp_path / "fresh")}).raise_for_status()
            client.post("/api/v1/sources/fresh/refresh").raise_for_status()

        expect(page.get_by_role("link", name="Terns of today")).to_be_visible()
        with hub.client() as client:
            client.delete("/api/v1/sources/fresh").raise_for_status()
        expect(page.get_by_role("link", name="Terns of today")).to_have_count(0)

    def test_loses_a_source_only_after_a_question(self, opened: Open, hub: hub_world.Process, tmp_path: Path) -> None:
        (tmp_path / "brief").mkdir()
        (tmp_path / "brief" / "module.toml").write_text('title = "Brief"\n')
        page = opened(hub.login())
        page.goto(f"{hub.address}/sources")
        page.get_by_label("Folder, git repository").fill(str(tmp_path / "brief"))
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#rows")).to_contain_text("brief")

        page.get_by_role("link", name="Remove brief").click()
        page.get_by_role("button", name="Remove it").click()

        expect(page.locator("#rows")).not_to_contain_text("brief")


class TestInstalling:
    def test_a_module_from_its_page(self, opened: Open, tmp_path: Path) -> None:
        shutil.copytree(MODULES / "trivial", tmp_path / "shelf" / "trivial")
        (tmp_path / "state").mkdir()
        with hub_world.process(tmp_path / "state") as fresh:
            with fresh.client() as client:
                client.post("/api/v1/sources", json={"location": str(tmp_path / "shelf")}).raise_for_status()
                client.post("/api/v1/sources/shelf/refresh").raise_for_status()
            page = opened(fresh.login())
            page.goto(f"{fresh.address}/modules/trivial")
            page.get_by_role("button", name="Install").click()

            expect(page.get_by_role("link", name="Try it")).to_be_visible(timeout=90_000)
            page.close()


class TestWithoutScripts:
    def test_everything_can_be_read_and_searched(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login(), java_script_enabled=False)
        page.get_by_role("link", name="Search").click()
        page.get_by_role("searchbox").fill("counting")
        page.get_by_role("button", name="Search").click()
        page.get_by_role("link", name="Counting").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Counting")
        page.goto(f"{hub.address}/modules?q=countng")
        expect(page.get_by_role("link", name="Counting", exact=True)).to_have_count(1)
        page.goto(f"{hub.address}/modules/counting/try?example=1")
        expect(page.get_by_label("Values")).to_have_value("[1.0, 2.0]")


@pytest.fixture(params=["light-1280", "dark-1280", "light-390"])
def look(request: pytest.FixtureRequest, chromium: sync_api.Browser) -> Iterator[sync_api.Page]:
    theme, _, width = request.param.partition("-")
    # axe itself is put into the page as a script, which the policy forbids.
    context = chromium.new_context(color_scheme=theme, viewport={"width": int(width), "height": 900}, bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


class TestReviewing:
    def test_sends_a_module_back_and_accepts_it_then(self, look: sync_api.Page, tmp_path: Path) -> None:
        scaffold.create(tmp_path / "penguins", "penguins", author="Ada", today=datetime.date(2026, 11, 1))
        (tmp_path / "state").mkdir()
        with hub_world.process(tmp_path / "state") as hub:
            look.goto(hub.login())
            found = []
            for decided in ("returned", "accepted"):
                with hub.client() as client:
                    client.post("/api/v1/proposals", json={"path": str(tmp_path / "penguins")}).raise_for_status()
                look.goto(f"{hub.address}/proposals")
                look.locator("tr", has_text="proposed").get_by_role("link").click(timeout=90_000)
                expect(look.get_by_role("table")).to_contain_text("passed")
                found += violations(look)
                if decided == "returned":
                    look.get_by_role("button", name="Send back").click()
                    expect(look.get_by_label("Comment")).to_have_attribute("aria-invalid", "true")
                    found += violations(look)
                    look.get_by_label("Comment").fill("Say what it is for.")
                    look.get_by_role("button", name="Send back").click()
                    expect(look.locator(".history")).to_contain_text("Say what it is for.")
                else:
                    look.get_by_role("button", name="Accept").click()
                expect(look.locator(".head .badge")).to_have_text(decided)
            look.get_by_role("link", name="penguins", exact=True).click()
            expect(look.locator("dt", has_text="Checked")).to_be_visible()

            assert "\n".join(found) == ""


class TestAxe:
    PAGES = (
        *("/", "/modules", "/modules?q=trivail", "/modules/counting", "/modules/birds", "/modules/trivial/try"),
        *("/modules/plankton-0", "/modules/plankton-0?version=1.0", "/settings/sessions/end"),
        *("/proposals", "/sources", "/sources/shelf/remove", "/sites", "/settings", "/search?q=plankton", "/nowhere"),
    )

    def test_has_nothing_to_object_to_and_nothing_is_too_wide(
        self, look: sync_api.Page, hub: hub_world.Process
    ) -> None:
        look.goto(hub.address)
        found = [f"login: {fault}" for fault in violations(look)]
        look.goto(hub.login())
        for path in self.PAGES:
            look.goto(hub.address + path)
            wide = look.evaluate("document.documentElement.scrollWidth > innerWidth")
            look.evaluate("for (const folded of document.querySelectorAll('main details')) folded.open = true")
            found += [f"{path}: {fault}" for fault in violations(look)] + ([f"{path}: too wide"] if wide else [])
        look.keyboard.press("Control+k")
        look.keyboard.type("plankton")
        expect(look.locator("#palette .found a").first).to_be_visible()
        found += [f"palette: {fault}" for fault in violations(look)]

        assert "\n".join(found) == ""
