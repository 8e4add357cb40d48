from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import hub_world
import slow_site
import waiting
from pelagos import environments, orchestrator
from web import visits
from web.visits import Visitor

HOSTILE = "<script>window.hacked=1<"


@pytest.fixture
def site() -> Iterator[slow_site.SlowSite]:
    with slow_site.slow_site() as made:
        yield made


@pytest.fixture
def open_visitor(tmp_path: Path, installed_modules: environments.Environments, database_url: str) -> Iterator[Visitor]:
    """Somebody at a hub that may ask its own network."""
    state = hub_world.link_modules(tmp_path / "state", installed_modules)
    with visits.visiting(state, database_url, hub__private_urls=True) as made:
        yield made


def add(visitor: Visitor, url: str, **said: str) -> int:
    form = {"_data": "url", "_url": url, **said}
    sent = {"data": form, "files": [("_upload", ("", b""))], "headers": {"Origin": hub_world.ORIGIN}}
    return visitor.ask("POST", "/datasets", **sent).status_code


def going_on(visitor: Visitor) -> list[orchestrator.Act]:
    return list(visitor.hub.acts.find(states=[orchestrator.ActState.RUNNING]))


class TestDatasetFromAnAddress:
    def test_is_shown_with_its_bytes_until_it_is_there(self, open_visitor: Visitor, site: slow_site.SlowSite) -> None:
        added = add(open_visitor, site.url)
        waiting.until(lambda: going_on(open_visitor)[0].done == 2000)
        page = open_visitor.get("/datasets").text
        site.go_on.set()
        waiting.until(lambda: not going_on(open_visitor))
        later = open_visitor.get("/datasets").text

        assert added == 303
        assert "Fetching data.csv" in page
        assert '<progress value="0.5"' in page
        assert 'href="/datasets/data.csv"' in later
        assert "Fetching" not in later

    def test_is_one_for_a_form_that_is_sent_twice(self, open_visitor: Visitor, site: slow_site.SlowSite) -> None:
        key = re.findall(r'name="_key" value="([^"]+)"', open_visitor.get("/datasets").text)[0]

        sent = [add(open_visitor, site.url, _key=key) for _ in range(2)]
        other = add(open_visitor, site.url, _key=key, _name="other")

        assert [*sent, other] == [303, 303, 303]
        assert {each.about for each in going_on(open_visitor)} == {"data.csv", "other"}

    def test_can_be_cancelled(self, open_visitor: Visitor, site: slow_site.SlowSite) -> None:
        add(open_visitor, site.url)
        waiting.until(lambda: going_on(open_visitor)[0].done == 2000)
        address = re.findall(r'action="(/acts/\w+/cancel)"', open_visitor.get("/datasets").text)[0]

        answer = open_visitor.post(address)
        page = open_visitor.get("/datasets").text
        site.go_on.set()

        assert (answer.status_code, answer.headers["location"]) == (303, "/datasets")
        assert "It is being cancelled." in page
        waiting.until(lambda: not going_on(open_visitor))

    def test_that_could_not_be_had_says_why_until_it_is_tried_again(
        self, open_visitor: Visitor, site: slow_site.SlowSite
    ) -> None:
        bad = f"{site.url.rpartition(':')[0]}:1/data.csv"
        add(open_visitor, bad)
        waiting.until(lambda: not going_on(open_visitor))
        failed = open_visitor.get("/datasets").text
        add(open_visitor, site.url)
        site.go_on.set()
        waiting.until(lambda: not going_on(open_visitor))

        assert "Fetching data.csv did not work:" in failed
        assert "did not work" not in open_visitor.get("/datasets").text

    def test_of_a_name_that_is_taken_is_refused_at_once(self, open_visitor: Visitor, site: slow_site.SlowSite) -> None:
        site.go_on.set()
        add(open_visitor, site.url)
        waiting.until(lambda: not going_on(open_visitor))

        assert add(open_visitor, site.url) == 422


class TestInstallation:
    def test_is_shown_while_it_goes_on(self, visitor: Visitor, site: slow_site.SlowSite) -> None:
        visitor.put("plankton", links={"source": site.url.removesuffix("/data.csv")})
        before = visitor.get("/modules/plankton").text
        visitor.post("/modules/plankton/install")
        waiting.until(lambda: site.asked)
        page = visitor.get("/modules/plankton").text
        site.go_on.set()
        waiting.until(lambda: not going_on(visitor))

        assert 'action="/modules/plankton/install"' in before
        assert f"Installing {site.url.removesuffix('/data.csv')}" in page
        assert 'action="/modules/plankton/install"' not in page

    def test_is_begun_once_by_one_form_and_says_why_it_failed(self, visitor: Visitor) -> None:
        visitor.put("plankton", links={"source": "http://127.0.0.1:1/"})
        page = visitor.get("/modules/plankton").text
        key = re.findall(r'name="key" value="([^"]+)"', page)[0]

        for _ in range(2):
            assert visitor.post("/modules/plankton/install", key=key).status_code == 303
        waiting.until(lambda: not going_on(visitor))

        found = visitor.hub.acts.find()
        assert [each.kind for each in found] == ["installation"]
        assert "did not work:" in visitor.get("/modules/plankton").text


class TestNotes:
    def test_escape_all_they_say(self, visitor: Visitor, tmp_path: Path) -> None:
        folder = tmp_path / HOSTILE
        folder.mkdir()

        visitor.hub.acts.begin(orchestrator.Kind.PROPOSAL, str(folder))
        waiting.until(lambda: not going_on(visitor))
        page = visitor.get("/proposals").text

        assert "did not work:" in page
        assert "window.hacked" in page
        assert "<script>window" not in page
