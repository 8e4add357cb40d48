"""People train, compare, deploy and predict in the dashboard, while browsers are closed and hubs are killed."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

import databases
import hub_world
from journeys import programs
from journeys.conftest import PATIENCE_MS
from journeys.test_accessibility import violations
from pelagos import environments

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]
ON_BOTH = pytest.mark.parametrize("hub", databases.KINDS, indirect=True)


@pytest.fixture(scope="module")
def hub(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    installed_modules: environments.Environments,
) -> Iterator[hub_world.Process]:
    """One hub on each database for the stories that do no harm to it."""
    folder = tmp_path_factory.mktemp("hub")
    with (
        databases.fresh(request, folder) as url,
        hub_world.process(hub_world.link_modules(folder / "state", installed_modules, url)) as running,
    ):
        yield running
        # What is deployed would outlive the hub, and the tests.
        with running.client() as client:
            for each in client.get("/api/v1/deployments").json()["items"]:
                client.delete(f"/api/v1/deployments/{each['id']}")
            programs.until(lambda: client.get("/api/v1/deployments").json()["total"] == 0, 30)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three files in two folders, packed."""
    path = tmp_path / "birds.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for name in ("finch/1.txt", "finch/2.txt", "tern/<img src=x onerror='window.hacked=1'>.txt"):
            packed.writestr(name, "1")
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
    @databases.BOTH
    def test_with_an_archive_outlives_the_browser_and_the_hub(
        self,
        opened: Open,
        tmp_path: Path,
        archive: Path,
        installed_modules: environments.Environments,
        database_url: str,
    ) -> None:
        state = hub_world.link_modules(tmp_path / "state", installed_modules, database_url)
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

            # It may have ended meanwhile: a hub takes its time to start on a busy machine.
            expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)
            expect(page.locator("#log div")).to_have_count(40)
            expect(page.locator("#results")).to_contain_text("files3")
            expect(page.locator("#results")).to_contain_text("Model card")
            # Before the hub ends, whose streams the page may be following.
            page.context.close()


@ON_BOTH
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


@ON_BOTH
class TestRuns:
    def test_are_seen_as_they_go_and_compared(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        first = train(page, hub, epochs="2")
        expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)
        second = train(page, hub, epochs="10", delay_s="0.3")
        page.get_by_role("link", name="Runs").click()

        row = page.locator("tr", has=page.locator(f"#run-{second}"))
        expect(row.get_by_role("progressbar")).to_be_visible()
        row.get_by_role("checkbox").check()
        page.locator("tr", has=page.locator(f"#run-{first}")).get_by_role("checkbox").check()
        expect(row).to_contain_text("done", timeout=PATIENCE_MS)
        # The list has been drawn again since; what was chosen still is.
        expect(row.get_by_role("checkbox")).to_be_checked()

        page.get_by_role("button", name="Compare the chosen runs").click()
        expect(page.locator("tr.changed").first).to_contain_text("epochs")
        chart = page.get_by_role("img", name=re.compile("loss by step"))
        expect(chart.locator("canvas")).to_be_visible()
        expect(chart).to_have_attribute("aria-label", re.compile(f"{second[:8]} 0.1, {first[:8]} 0.5"))
        page.get_by_label("smoothing").fill("0.6")
        expect(chart.locator("canvas")).to_be_visible()
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        assert first in download.value.path().read_text()


@ON_BOTH
class TestKeyboard:
    def test_alone_trains_and_cancels(self, opened: Open, hub: hub_world.Process) -> None:
        page = opened(hub.login())
        page.goto(f"{hub.address}/modules/counting/train")

        tab_to(page, "epochs")
        page.keyboard.press("Control+a")
        page.keyboard.type("900")
        tab_to(page, "delay_s")
        page.keyboard.press("Control+a")
        page.keyboard.type("0.2")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/*")
        tab_to(page, "act-cancel")
        page.keyboard.press("Enter")
        page.wait_for_url("**/cancel")
        tab_to(page, "Cancel the run")
        page.keyboard.press("Enter")

        expect(page.locator("#status")).to_contain_text("cancelled", timeout=PATIENCE_MS)


@ON_BOTH
class TestHostileWords:
    def test_are_shown_and_never_run(self, opened: Open, hub: hub_world.Process, archive: Path) -> None:
        page = opened(hub.login())
        page.goto(f"{hub.address}/datasets")
        page.set_input_files("[name=_upload]", archive)
        page.get_by_role("button", name="Add").click()
        page.get_by_role("link", name="tern/").click()
        expect(page.locator("main")).to_contain_text("onerror='window.hacked=1'")
        untouched(page)

        number = train(page, hub, epochs="30", delay_s="0.2")
        folder = hub.state / "jobs" / number
        with (folder / "log").open("a") as log:
            log.write(f"{HOSTILE}\n")
        (folder / "outputs").mkdir(exist_ok=True)
        (folder / "outputs" / "<b onclick=alert(1)>.txt").write_text("1")
        with (folder / "metrics.jsonl").open("a") as metrics:
            metrics.write('{"step": 1, "<img src=x onerror=window.hacked=1>": 1}\n')
        expect(page.locator("#log")).to_contain_text("<script>window.hacked", timeout=PATIENCE_MS)
        expect(page.locator("#charts")).to_contain_text("onerror=window.hacked", timeout=PATIENCE_MS)
        untouched(page)
        page.reload()
        expect(page.locator("#files")).to_contain_text("onclick=alert")
        untouched(page)
        page.goto(f"{hub.address}/runs/compare?run={number}")
        expect(page.locator("#charts")).to_contain_text("onerror=window.hacked")
        untouched(page)

        page.goto(f"{hub.address}/modules/counting/deploy")
        page.get_by_label("A command of your own").check()
        page.get_by_label("Command; {port} becomes a free port").fill(f"/bin/echo '{HOSTILE}'")
        page.get_by_label("Name").fill(HOSTILE)
        page.get_by_role("button", name="Deploy").click()
        expect(page.locator("#log")).to_contain_text("window.hacked", timeout=60_000)
        untouched(page)
        page.goto(f"{hub.address}/deployments")
        expect(page.locator("#rows")).to_contain_text("window.hacked")
        untouched(page)


@ON_BOTH
class TestWithoutScripts:
    def test_everything_is_read_and_a_training_is_started(
        self, opened: Open, hub: hub_world.Process, archive: Path
    ) -> None:
        page = opened(hub.login(), java_script_enabled=False)
        page.goto(f"{hub.address}/modules/counting/train")
        page.get_by_label("an upload", exact=True).check()
        page.set_input_files("[name=_upload]", archive)
        page.get_by_role("button", name="Start training").click()
        page.wait_for_url("**/runs/*")
        number = page.url.rpartition("/")[2]
        for _ in range(100):
            if page.locator("#status .badge.done").count():
                break
            page.reload()

        expect(page.locator("#results")).to_contain_text("files")
        page.get_by_text("Figures as a table").click()
        expect(page.locator("#points")).to_contain_text("0.33333")
        expect(page.locator("#log")).to_contain_text("epoch 3 of 3")
        page.goto(f"{hub.address}/runs?module=trivial")
        expect(page.locator("#rows")).to_contain_text("No run is like that.")
        for path in (f"/runs/compare?run={number}", "/models", f"/models/{number}", "/deployments", "/datasets"):
            page.goto(f"{hub.address}{path}")
            expect(page.locator("h1")).to_be_visible()


class TestAxe:
    @pytest.mark.parametrize("look", ["light-1280", "dark-1280", "light-390"])
    def test_has_nothing_to_object_to(
        self, chromium: sync_api.Browser, hub: hub_world.Process, archive: Path, look: str
    ) -> None:
        theme, _, width = look.partition("-")
        # axe itself is put into the page as a script, which the policy forbids.
        context = chromium.new_context(
            color_scheme=theme,  # type: ignore[arg-type]
            viewport={"width": int(width), "height": 900},
            bypass_csp=True,
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(hub.login())
        number = train(page, hub, epochs="3")
        expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)
        page.goto(f"{hub.address}/modules/counting/deploy")
        page.get_by_label("JupyterLab").check()
        page.get_by_role("button", name="Deploy").click()
        page.wait_for_url("**/deployment/*")
        deployment = page.url.rpartition("/")[2]
        # It is not installed: what is said of that holds a long path.
        expect(page.locator("#status")).to_contain_text("Install it", timeout=PATIENCE_MS)

        with hub.client() as client:
            kept = client.put(f"/api/v1/datasets/{look}?filename=birds.zip", content=archive.read_bytes())
            kept.raise_for_status()

        found = []
        for path in PAGES:
            page.goto(hub.address + path.format(run=number, deployment=deployment, look=look))
            page.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
            found += [f"{path}: {fault}" for fault in violations(page)]
            if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
                found.append(f"{path}: wider than the screen")
        context.close()

        assert "\n".join(found) == ""


HOSTILE = "<script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
PAGES = (
    "/runs",
    "/runs?text=nothing-is-like-this",
    "/runs/{run}",
    "/runs/{run}/delete",
    "/runs/compare?run={run}",
    "/modules/counting/train",
    "/modules/counting/train?from={run}",
    "/models",
    "/models/{run}",
    "/modules/counting/deploy",
    "/deployments",
    "/deployment/{deployment}",
    "/deployment/{deployment}/change",
    "/datasets",
    "/datasets/{look}",
    "/datasets/{look}/delete",
)


def tab_to(page: sync_api.Page, wanted: str) -> None:
    """Press Tab until the element with a name, id or text has the focus."""
    told = "[document.activeElement.name, document.activeElement.id, document.activeElement.textContent.trim()]"
    for _ in range(80):
        if wanted in page.evaluate(told):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{wanted} cannot be reached")


def untouched(page: sync_api.Page) -> None:
    """Nothing of what was written acts."""
    assert page.evaluate("window.hacked") is None
    assert page.locator("main script, main img[src=x], main [onerror], main [onclick]").count() == 0
