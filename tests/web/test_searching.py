from __future__ import annotations

import re

from pelagos import orchestrator
from web.visits import Visitor


class TestSearchOverEverything:
    def test_finds_pages_modules_and_deployments(self, visitor: Visitor) -> None:
        made = visitor.hub.deployments.create(orchestrator.Wish(module="counting", title="Counting for Ada"))

        page = visitor.get("/search?q=counting").text

        assert re.findall(r"<h2>(.*?)</h2>", page.partition('class="found"')[2])[:2] == ["Modules", "Deployments"]
        assert 'href="/modules/counting"' in page
        assert f'href="/deployment/{made.id}"' in page

    def test_answers_a_script_with_the_finds_alone(self, visitor: Visitor) -> None:
        part = visitor.get("/search?q=settings", script=True).text

        assert part.startswith('<div class="found">')
        assert 'href="/settings"' in part

    def test_lists_the_pages_before_anything_was_typed(self, visitor: Visitor) -> None:
        assert visitor.get("/search", script=True).text.count("<li>") == 10

    def test_says_so_when_nothing_fits(self, visitor: Visitor) -> None:
        assert "Nothing has “xqzzy" in visitor.get("/search?q=xqzzy%3Cb%3E").text
