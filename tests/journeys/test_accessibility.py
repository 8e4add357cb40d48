"""axe finds nothing to object to, on any page, in both themes, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage
from journeys.conftest import PATIENCE_MS, begin_training

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
PAGES = (
    "/console/modules/pictures/predict",
    "/console/modules/pictures/train",
    "/console/modules/pictures/about",
    "/console/trainings/",
    "/console/trainings/{id}",
    "/console/trainings/{id}?compare={other}",
    "/console/trainings/{id}/delete",
    "/console/nowhere",
)
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
    (one) => `${one.id}: ${one.nodes.map((node) => node.target.join(" ") + " " + node.failureSummary).join(" | ")}`)"""


@pytest.fixture(scope="class")
def trained(
    chromium: sync_api.Browser, served: stage.Served, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, str]:
    """Two trainings that are done."""
    folder = tmp_path_factory.mktemp("accessible") / "pictures"
    folder.mkdir()
    (folder / "one").write_bytes(b"1")
    page = chromium.new_page()
    numbers = []
    for epochs in ("3", "4"):
        numbers.append(begin_training(page, served.url, folder, epochs=epochs))
        expect(page.locator("#status")).to_contain_text("done")
    page.close()
    return numbers[0], numbers[1]


@pytest.fixture(params=["light-1280", "dark-1280", "light-390"])
def look(request: pytest.FixtureRequest, chromium: sync_api.Browser) -> Iterator[sync_api.Page]:
    theme, _, width = request.param.partition("-")
    # axe itself is put into the page as a script, which the policy forbids.
    context = chromium.new_context(color_scheme=theme, viewport={"width": int(width), "height": 900}, bypass_csp=True)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


def violations(page: sync_api.Page) -> list[str]:
    page.add_script_tag(path=AXE)
    found: list[str] = page.evaluate(RUN)
    return found


class TestAxe:
    def test_has_nothing_to_object_to(
        self, look: sync_api.Page, served: stage.Served, trained: tuple[str, str]
    ) -> None:
        found = []
        for path in PAGES:
            look.goto(served.url + path.format(id=trained[0], other=trained[1]))
            look.evaluate("for (const folded of document.querySelectorAll('details')) folded.open = true")
            if look.locator("#charts").count():
                expect(look.locator("#charts canvas").first).to_be_visible()
            found += [f"{path}: {fault}" for fault in violations(look)]

        assert "\n".join(found) == ""

    def test_nor_to_answers_and_faults(self, look: sync_api.Page, served: stage.Served, tmp_path: Path) -> None:
        (tmp_path / "one.png").write_bytes(b"\x89PNG" + bytes(1000))
        look.goto(served.url)
        look.get_by_role("button", name="Predict").click()
        expect(look.locator("#fault-field-image")).to_contain_text("missing")
        refused = violations(look)

        look.set_input_files("[name=image]", tmp_path / "one.png")
        look.get_by_role("button", name="Predict").click()
        expect(look.locator("#answer li")).to_have_count(3)

        assert (refused, violations(look)) == ([], [])

    def test_nor_is_anything_wider_than_the_screen(
        self, look: sync_api.Page, served: stage.Served, trained: tuple[str, str]
    ) -> None:
        for path in PAGES:
            look.goto(served.url + path.format(id=trained[0], other=trained[1]))

            assert look.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
