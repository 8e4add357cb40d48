import pytest

from pelagos.api import headers
from pelagos.identity import credentials

PREFIX = "/deployments/abc"


def answered(*pairs: tuple[str, str]) -> dict[bytes, bytes]:
    return dict(headers.answered(pairs, prefix=PREFIX, host="hub:8800"))


class TestAsked:
    def test_lose_the_session_and_the_token_of_the_hub(self) -> None:
        given = [
            (b"cookie", f"theme=dark; {credentials.COOKIE}=secret; _xsrf=1".encode()),
            (b"authorization", b"Bearer secret"),
            (b"accept", b"*/*"),
        ]

        found = headers.asked(given)

        assert ("cookie", "theme=dark; _xsrf=1") in found
        assert "secret" not in str(found)

    def test_lose_what_speaks_of_one_connection_only(self) -> None:
        given = [
            (b"connection", b"keep-alive, x-mine"),
            (b"x-mine", b"1"),
            (b"transfer-encoding", b"chunked"),
            (b"expect", b"100-continue"),
            (b"host", b"hub:8800"),
        ]

        assert headers.asked(given) == [("host", "hub:8800")]

    def test_leave_the_handshake_of_a_web_socket_to_both_ends(self) -> None:
        given = [(b"sec-websocket-key", b"1"), (b"sec-websocket-version", b"13"), (b"origin", b"http://hub:8800")]

        assert headers.asked(given, handshake=True) == [("origin", "http://hub:8800")]


class TestAnswered:
    def test_keep_cookies_below_the_deployment(self) -> None:
        found = answered(("Set-Cookie", "_xsrf=1; Path=/; Domain=hub; HttpOnly"))

        assert found == {b"set-cookie": b"_xsrf=1; HttpOnly; Path=/deployments/abc/"}

    def test_let_a_cookie_choose_its_path_further_below(self) -> None:
        found = answered(("Set-Cookie", "a=1; path=/deployments/abc/lab"))

        assert found == {b"set-cookie": b"a=1; Path=/deployments/abc/lab"}

    def test_never_set_the_session_of_the_hub(self) -> None:
        assert answered(("Set-Cookie", f"{credentials.COOKIE}=mine; Path=/")) == {}

    @pytest.mark.parametrize("name", ["Service-Worker-Allowed", "Clear-Site-Data", "Strict-Transport-Security"])
    def test_never_speak_for_the_whole_host(self, name: str) -> None:
        assert answered((name, "/"), ("X-Own", "1")) == {b"x-own": b"1"}

    def test_keep_several_cookies(self) -> None:
        pairs = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]

        assert len(headers.answered(pairs, prefix=PREFIX, host="hub")) == 2

    def test_keep_redirects_below_the_deployment(self) -> None:
        inside = f"{PREFIX}/lab"

        assert headers.below("/lab?x=1", prefix=PREFIX, host="hub:8800") == f"{inside}?x=1"
        assert headers.below(inside, prefix=PREFIX, host="hub:8800") == inside
        assert headers.below("http://hub:8800/lab", prefix=PREFIX, host="hub:8800") == inside
        assert headers.below("//hub:8800/lab", prefix=PREFIX, host="hub:8800") == inside

    def test_leave_places_elsewhere_and_relative_ones_alone(self) -> None:
        for place in ("https://example.org/x", "next", "?page=2", ""):
            assert headers.below(place, prefix=PREFIX, host="hub:8800") == place
