from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from web.visits import Visitor


def titles(text: str) -> list[str]:
    return re.findall(r'<h2><a href="/modules/[^"]+">([^<]+)</a></h2>', text)


class TestTheList:
    def test_has_all_modules_and_marks_the_installed_ones(self, visitor: Visitor) -> None:
        visitor.put("plankton", tasks=["image-classification"])

        page = visitor.get("/modules").text

        assert titles(page) == ["Counting", "Plankton", "Trivial"]
        assert page.count('<span class="badge done">installed</span>') == 2

    def test_finds_a_module_by_a_misspelt_word_and_says_what_it_looked_for(self, visitor: Visitor) -> None:
        visitor.put("plankton", summary="Counts plankton.", tags=["sea"])

        page = visitor.get("/modules?q=planktn&tag=sea").text

        assert titles(page) == ["Plankton"]
        assert 'Did you mean <a href="/modules?q=plankton&amp;tag=sea"><strong>plankton</strong></a>' in page

    def test_is_narrowed_by_facets_that_say_how_many_they_leave(self, visitor: Visitor) -> None:
        visitor.put("birds", tags=["sound"])
        visitor.put("vessels", tags=["sound", "sea"])

        page = visitor.get("/modules?tag=sea&sort=").text

        assert titles(page) == ["Vessels"]
        assert re.search(r'name="tag" value="sea" checked><span>sea</span><span class="muted">1</span>', page)
        assert re.search(r'name="tag" value="sound"><span>sound</span><span class="muted">2</span>', page)

    def test_tells_the_browser_an_address_without_empty_fields(self, visitor: Visitor) -> None:
        answer = visitor.get("/modules?q=&sort=&tag=test", script=True)

        assert answer.headers["hx-push-url"] == "/modules?tag=test"

    def test_goes_on_over_pages(self, visitor: Visitor) -> None:
        for number in range(30):
            visitor.put(f"many-{number:02}", tags=["many"])

        first, second = visitor.get("/modules?tag=many").text, visitor.get("/modules?tag=many&page=2").text

        assert (len(titles(first)), len(titles(second))) == (24, 6)
        assert '<a rel="next" href="/modules?tag=many&amp;page=2">' in first
        assert '<a rel="prev" href="/modules?tag=many">' in second

    def test_stays_small_with_many_facets_and_long_texts(self, visitor: Visitor) -> None:
        for number in range(60):
            said = {name: [f"{name} {number} {word}" for word in range(6)] for name in ("tags", "tasks", "libraries")}
            visitor.put(f"many-{number:02}", summary="word " * 390, **said)

        assert len(visitor.get("/modules").content) < 80_000

    def test_says_what_to_do_when_nothing_fits(self, visitor: Visitor) -> None:
        assert "Show all modules" in visitor.get("/modules?q=xqzzy").text

    @pytest.mark.parametrize("query", ["sort=sideways", "limit=many"])
    def test_refuses_an_address_that_makes_no_sense(self, visitor: Visitor, query: str) -> None:
        assert visitor.get(f"/modules?{query}").status_code == 422


class TestTheFeed:
    def test_has_what_is_chosen_of_a_facet(self, visitor: Visitor) -> None:
        visitor.put("birds", tags=["sound"])
        visitor.put("plankton", tags=["sea"])

        (place,) = re.findall(r'<link rel="alternate"[^>]*href="([^"]+)"', visitor.get("/modules?tag=sea&q=x").text)
        answer = visitor.get(place)

        names = [each.text for each in ET.fromstring(answer.text).iter("{http://www.w3.org/2005/Atom}title")]
        assert answer.headers["content-type"].startswith("application/atom+xml")
        assert names == ["Pelagos: sea", "Plankton"]
