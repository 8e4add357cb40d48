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


class TestLoginSessions:
    def test_are_listed_and_logged_out_after_a_question(self, visitor: Visitor) -> None:
        people = visitor.hub.people
        other = people.redeem(people.new_login_key(), "Mozilla/5.0 (X11; Linux) Firefox/130.0")
        person = people.by_session(other)
        assert person is not None
        address = f"/settings/sessions/{person.session}/end"

        page, asked = visitor.get("/settings").text, visitor.get(address).text
        visitor.post(address)

        assert page.count("this one") == 1
        assert address in page
        assert "Log out Firefox on Linux?" in asked
        assert people.by_session(other) is None
        assert visitor.get(address).status_code == 404

    def test_end_all_but_the_one_that_asks(self, visitor: Visitor) -> None:
        people = visitor.hub.people
        people.redeem(people.new_login_key())

        visitor.post("/settings/sessions/end")

        assert len(people.sessions()) == 1
        assert visitor.get("/settings").status_code == 200
