from __future__ import annotations

from pelagos import orchestrator
from web.visits import Visitor


class TestTheOverview:
    def test_says_where_to_begin(self, visitor: Visitor) -> None:
        page = visitor.get("/").text

        assert "Nothing runs." in page
        assert 'href="/modules/counting"' in page
        assert "0 jobs of 2 at once" in page

    def test_shows_what_is_deployed(self, visitor: Visitor) -> None:
        made = visitor.hub.deployments.create(orchestrator.Wish(module="counting", title="Counting for Ada"))

        page = visitor.get("/").text

        assert f'<a href="/deployment/{made.id}">Counting for Ada</a>' in page
        assert '<span class="badge running">create in progress</span>' in page
