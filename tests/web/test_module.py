from __future__ import annotations

import json
import re

import pytest

from pelagos.catalog.exports import formats
from web.visits import Visitor

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"


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

    def test_names_the_ways_of_an_image_when_the_card_has_one(self, visitor: Visitor) -> None:
        visitor.put("plankton", links={"container": "deephdc/plankton:1"})

        page = visitor.get("/modules/plankton").text

        for line in (
            "docker run --rm -p 127.0.0.1:5000:5000 deephdc/plankton:1",
            "podman run --rm -p 127.0.0.1:5000:5000 deephdc/plankton:1",
            "udocker pull deephdc/plankton:1",
        ):
            assert line in page

    def test_lists_what_is_wrong_with_the_card(self, visitor: Visitor) -> None:
        assert "The folder has no LICENSE file." in visitor.get("/modules/trivial").text

    def test_points_to_what_replaces_a_superseded_module(self, visitor: Visitor) -> None:
        visitor.put("old", status="superseded", superseded_by="counting")

        assert '<a href="/modules/counting">counting</a>' in visitor.get("/modules/old").text

    def test_is_there_as_soon_as_its_module_is_installed(self, visitor: Visitor) -> None:
        visitor.hub.cards.remove(["counting"])

        assert visitor.get("/modules/counting").status_code == 200

    def test_is_not_there_for_a_module_nobody_knows(self, visitor: Visitor) -> None:
        answer = visitor.get("/modules/nothing")

        assert (answer.status_code, "There is no card nothing." in answer.text) == (404, True)
