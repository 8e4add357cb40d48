from __future__ import annotations

from web.visits import Visitor


class TestSettings:
    def test_are_shown_with_where_they_come_from(self, visitor: Visitor) -> None:
        page = visitor.get("/settings").text

        assert '<code>hub.listen_port</code></th><td class="mono">8800</td><td>default</td>' in page

    def test_say_who_is_asking(self, visitor: Visitor) -> None:
        page = visitor.get("/settings").text

        assert "admin, reviewer, user" in page
        assert 'action="/logout"' in page
