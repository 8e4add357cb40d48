from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import pelagos
from catalog import origins
from pelagos.catalog.exports import formats
from web.visits import Visitor

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"


@pytest.fixture
def owls(visitor: Visitor) -> Visitor:
    """A hub that has seen two versions of a card."""
    visitor.put("owls", version="1.0 <b>", title="Old owls", summary=HOSTILE)
    visitor.put("owls", version="2.0", title="New owls")
    return visitor


class TestVersions:
    OLDER = "/modules/owls?version=1.0%20%3Cb%3E"

    def test_are_listed_with_a_way_to_each(self, owls: Visitor) -> None:
        page = owls.get("/modules/owls").text

        assert "<h1>New owls</h1>" in page
        assert '<strong aria-current="true">2.0</strong><span class="badge done">newest</span>' in page
        assert f'<a href="{self.OLDER}">1.0 &lt;b&gt;</a>' in page
        assert f"<span>Pelagos {pelagos.__version__}</span>" in page

    def test_show_an_older_card_and_say_so(self, owls: Visitor) -> None:
        page = owls.get(self.OLDER).text

        assert "<h1>Old owls</h1>" in page
        assert 'an older version of the card. <a href="/modules/owls">Show the newest</a>' in page
        assert "<img src=x" not in page
        assert 'action="/modules/owls/install"' not in page
        assert "pelagos catalog show owls &#39;--version=1.0 &lt;b&gt;&#39;" in page

    def test_are_what_the_downloads_give(self, owls: Visitor) -> None:
        page = owls.get(self.OLDER).text

        files = {key: owls.get(place) for place, key in re.findall(r'href="([^"]+card\.([a-z-]+)[^"]*)"', page)}

        assert set(files) == set(formats.FORMATS)
        assert all("Old owls" in each.text for each in files.values())

    def test_that_never_were_are_not_there(self, owls: Visitor) -> None:
        assert owls.get("/modules/owls?version=3.0").status_code == 404

    def test_outlive_the_module(self, owls: Visitor) -> None:
        owls.hub.cards.remove(["owls"])

        page = owls.get(self.OLDER).text

        assert "the card of a module that has left the catalog" in page
        assert owls.get("/modules/owls").status_code == 404

    def test_of_a_repository_are_installed_at_their_commit(self, visitor: Visitor, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "owls", "Owls")
        source = visitor.hub.sources.add(origin.as_uri())
        visitor.hub.sources.refresh(source.id)
        former = visitor.hub.cards.get("owls").commit
        origins.module(origin, "More owls")
        origins.committed(origin)
        visitor.hub.sources.refresh(source.id)

        page = visitor.get(f"/modules/owls?version={former}").text

        assert f"pelagos install {origin.as_uri()}@{former}" in page

    def test_of_no_known_place_are_not_said_to_be_installed(self, owls: Visitor) -> None:
        assert "pelagos install" not in owls.get(self.OLDER).text


class TestThePageOfAModule:
    def test_offers_what_an_installed_module_can_do(self, visitor: Visitor) -> None:
        trains, echoes = visitor.get("/modules/counting").text, visitor.get("/modules/trivial").text

        assert [place for place in ("try", "train", "deploy") if f'href="/modules/counting/{place}"' in trains] == [
            "try",
            "train",
            "deploy",
        ]
        assert 'href="/modules/trivial/train"' not in echoes

    def test_offers_to_install_what_is_not(self, visitor: Visitor) -> None:
        visitor.put("plankton")

        page = visitor.get("/modules/plankton").text

        assert 'action="/modules/plankton/install"' in page
        assert 'href="/modules/plankton/try"' not in page

    def test_shows_the_readme_without_what_could_act(self, visitor: Visitor) -> None:
        visitor.put("plankton", readme=f"# Plankton\n\n**bold** {HOSTILE} [x](javascript:alert(1))")

        page = visitor.get("/modules/plankton").text

        assert "<h2>Plankton</h2>" in page
        assert "<strong>bold</strong>" in page
        assert not [address for address in re.findall(r'href="([^"]*)"', page) if "javascript" in address]
        assert "<img" not in page.partition("<main")[2]

    def test_escapes_all_that_a_card_says(self, visitor: Visitor) -> None:
        said = {"tags": [HOSTILE], "tasks": [HOSTILE], "libraries": [HOSTILE], "authors": [{"name": HOSTILE}]}
        texts = dict.fromkeys(("title", "summary", "category", "intended_use", "limitations", "version"), HOSTILE[:90])
        visitor.put("hostile", **said, **texts, examples=[{"name": HOSTILE, "input": {"a": HOSTILE}}])

        for path in ("/modules/hostile", "/modules", "/search?q=window", "/"):
            page = visitor.get(path).text
            assert "window.hacked" in page, path
            assert "<script>window" not in page, path
            assert "<img src=x" not in page, path

    def test_holds_linked_data_that_is_what_the_card_says(self, visitor: Visitor) -> None:
        visitor.put("plankton", summary=HOSTILE)

        page = visitor.get("/modules/plankton").text
        (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)

        assert json.loads(data)["description"] == HOSTILE

    @pytest.mark.parametrize("kind", formats.FORMATS)
    def test_gives_the_card_in_the_formats_of_others(self, visitor: Visitor, kind: str) -> None:
        (place,) = re.findall(rf'href="([^"]+card\.{kind})"', visitor.get("/modules/counting").text)[-1:]

        answer = visitor.get(place)

        assert answer.headers["content-disposition"].startswith("attachment")
        assert "ounting" in answer.text

    def test_has_lines_to_copy_with_the_example_of_the_card(self, visitor: Visitor) -> None:
        page = visitor.get("/modules/counting").text.replace("&#34;", '"').replace("&#39;", "'")

        assert "pelagos predict counting --values '[1.0, 2.0]'" in page
        assert 'hub.predict("counting", values=[1.0, 2.0])' in page
        assert "sbatch --job-name=counting" in page

    def test_lists_what_is_wrong_with_the_card(self, visitor: Visitor) -> None:
        assert "The folder has no LICENSE file." in visitor.get("/modules/trivial").text

    def test_lists_the_faults_that_its_source_tells_of(self, visitor: Visitor, tmp_path: Path) -> None:
        origin = origins.repository(tmp_path / "owls", "Owls")
        source = visitor.hub.sources.add(origin.as_uri())
        visitor.hub.sources.refresh(source.id)
        (origin / "module.toml").write_text('title = "Owls"\nsummary = 3\n')
        origins.committed(origin)
        visitor.hub.sources.refresh(source.id)

        assert "owls/module.toml, line 2, column 1" in visitor.get("/modules/owls").text

    def test_points_to_what_replaces_a_superseded_module(self, visitor: Visitor) -> None:
        visitor.put("old", status="superseded", superseded_by="counting")

        assert '<a href="/modules/counting">counting</a>' in visitor.get("/modules/old").text

    def test_is_there_as_soon_as_its_module_is_installed(self, visitor: Visitor) -> None:
        visitor.hub.cards.remove(["counting"])

        assert visitor.get("/modules/counting").status_code == 200

    def test_is_not_there_for_a_module_nobody_knows(self, visitor: Visitor) -> None:
        answer = visitor.get("/modules/nothing")

        assert (answer.status_code, "There is no card nothing." in answer.text) == (404, True)
