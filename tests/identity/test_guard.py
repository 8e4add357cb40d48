"""The door: who gets in, who does not, and what they are told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from identity.conftest import Make
from pelagos import identity

ORIGIN = "http://127.0.0.1:8800"
PAGE = {"accept": "text/html,*/*"}


async def whoami(request: Request) -> JSONResponse:
    """Tell who was let in."""
    person = request.state.person
    return JSONResponse({"name": person.name, "via": person.via})


class Echo:
    """Sends each piece back as it comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": message["body"], "more_body": more})


async def talk(socket: WebSocket) -> None:
    """Tell who was let in."""
    await socket.accept()
    await socket.send_text(socket.state.person.name)
    await socket.close()


def application() -> Starlette:
    """What is guarded."""
    return Starlette(
        routes=[
            Route("/", whoami),
            Route("/api/v1/me", whoami),
            Route("/echo", Echo()),
            Route("/healthz", lambda _: PlainTextResponse("ok")),
            Route("/static/site.css", lambda _: PlainTextResponse("css")),
            WebSocketRoute("/talk", talk),
        ]
    )


class Hub:
    """A guarded application, its people and a browser."""

    def __init__(self, make: Make, folder: Path, *, secure: bool = False) -> None:
        self.people = make()
        self.token = (folder / "state" / "token").read_text().strip()
        self.app = identity.Guard(application(), self.people, hosts={"127.0.0.1", "localhost", "[::1]"}, secure=secure)

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        """Send one request."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url=said.pop("base_url", ORIGIN)) as client:
                return await client.request(method, path, **said)

        return asyncio.run(asked())

    def cookie(self) -> Mapping[str, str]:
        """Log in; give the header that a browser sends from then on."""
        return {"cookie": f"other=1; pelagos_session={self.people.redeem(self.people.new_login_key())}"}

    def bearer(self) -> Mapping[str, str]:
        """Give the header of a program."""
        return {"authorization": f"Bearer {self.token}"}

    def shake_hands(self, headers: Mapping[str, str], extensions: Mapping[str, Any] | None = None) -> list[Message]:
        """Open a WebSocket at a server with these extensions; give what is answered."""
        sent: list[Message] = []
        raw = [(name.encode(), value.encode()) for name, value in {"host": "127.0.0.1:8800", **headers}.items()]
        scope: Scope = {"type": "websocket", "path": "/talk", "headers": raw, "query_string": b"", "subprotocols": []}
        scope["extensions"] = extensions or {}

        async def receive() -> Message:
            return {"type": "websocket.connect"}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return sent


@pytest.fixture
def hub(make: Make, tmp_path: Path) -> Hub:
    """A guarded application."""
    return Hub(make, tmp_path)


class TestLogin:
    def test_gives_a_browser_a_session_that_scripts_cannot_read(self, hub: Hub) -> None:
        answer = hub.ask("GET", f"/login?key={hub.people.new_login_key()}")

        cookie = answer.headers["set-cookie"]
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie
        assert answer.headers["referrer-policy"] == "no-referrer"
        shown = hub.ask("GET", "/", headers={"cookie": cookie.partition(";")[0]})
        assert shown.json() == {"name": "local", "via": "session"}

    def test_gives_a_secure_cookie_where_all_comes_by_https(self, make: Make, tmp_path: Path) -> None:
        hub = Hub(make, tmp_path, secure=True)

        answer = hub.ask("GET", f"/login?key={hub.people.new_login_key()}")

        assert answer.headers["set-cookie"].endswith("; Secure")

    @pytest.mark.parametrize("query", ["?key=wrong", "?key=", "", "?key=%00%ff"])
    def test_says_what_to_do_with_a_wrong_key(self, hub: Hub, query: str) -> None:
        answer = hub.ask("GET", f"/login{query}", headers=PAGE)

        assert answer.status_code == 401
        assert "pelagos login" in answer.text
        assert "set-cookie" not in answer.headers

    def test_leads_home_who_is_in_already(self, hub: Hub) -> None:
        answer = hub.ask("GET", "/login?key=used", headers=hub.cookie())

        assert (answer.status_code, answer.headers["location"]) == (303, "/")

    def test_is_not_spent_by_a_look_at_its_head(self, hub: Hub) -> None:
        key = hub.people.new_login_key()

        hub.ask("HEAD", f"/login?key={key}")

        assert hub.ask("GET", f"/login?key={key}").status_code == 303


class TestLogout:
    def test_ends_the_session(self, hub: Hub) -> None:
        cookie = hub.cookie()

        answer = hub.ask("POST", "/logout", headers=cookie)

        assert answer.status_code == 303
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert hub.ask("GET", "/", headers=cookie).status_code == 401

    def test_is_not_for_other_sites(self, hub: Hub) -> None:
        cookie = hub.cookie()

        assert hub.ask("POST", "/logout", headers={**cookie, "origin": "https://evil.example"}).status_code == 403

        assert hub.ask("GET", "/", headers=cookie).status_code == 200


class TestPerson:
    def test_is_known_by_a_token(self, hub: Hub) -> None:
        assert hub.ask("GET", "/api/v1/me", headers=hub.bearer()).json() == {"name": "local", "via": "token"}

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"cookie": "pelagos_session="},
            {"cookie": "pelagos_session=wrong"},
            {"cookie": ";;=;pelagos_session"},
            {"authorization": "Bearer wrong"},
            {"authorization": "Bearer"},
            {"authorization": "Basic bG9jYWw6"},
        ],
    )
    def test_who_is_unknown_gets_json_from_the_api(self, hub: Hub, headers: dict[str, str]) -> None:
        answer = hub.ask("GET", "/api/v1/me", headers={**PAGE, **headers})

        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.json()["error"]["code"] == "unauthenticated"
        assert "pelagos login" in answer.json()["error"]["hint"]

    def test_who_is_unknown_gets_a_page_in_a_browser(self, hub: Hub) -> None:
        answer = hub.ask("GET", "/", headers=PAGE)

        assert answer.status_code == 401
        assert answer.headers["content-type"].startswith("text/html")
        assert "pelagos login" in answer.text

    def test_with_a_wrong_token_is_not_let_in_by_a_cookie(self, hub: Hub) -> None:
        answer = hub.ask("GET", "/", headers={**hub.cookie(), "authorization": "Bearer wrong"})

        assert answer.status_code == 401

    @pytest.mark.parametrize("path", ["/healthz", "/static/site.css"])
    def test_need_not_be_known_for_what_is_open(self, hub: Hub, path: str) -> None:
        assert hub.ask("GET", path).status_code == 200

    @pytest.mark.parametrize("path", ["/healthz/x", "/static", "/staticx", "//healthz", "/nothing"])
    def test_must_be_known_for_everything_else(self, hub: Hub, path: str) -> None:
        assert hub.ask("GET", f"{ORIGIN}{path}").status_code == 401


class TestHost:
    @pytest.mark.parametrize(
        "base", ["http://127.0.0.1:8800", "http://LOCALHOST:1", "http://[::1]:8800", "http://localhost"]
    )
    def test_may_be_any_name_of_the_hub(self, hub: Hub, base: str) -> None:
        assert hub.ask("GET", "/", headers=hub.bearer(), base_url=base).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[::1", "localhost@evil.example"])
    def test_of_another_name_is_refused(self, hub: Hub, host: str) -> None:
        answer = hub.ask("GET", "/api/v1/me", headers={**hub.bearer(), "host": host})

        assert answer.status_code == 400
        assert "localhost" in answer.json()["error"]["hint"]

    def test_given_twice_is_refused(self, hub: Hub) -> None:
        twice = [("host", "127.0.0.1"), ("host", "evil.example"), *hub.bearer().items()]

        assert hub.ask("GET", "/", headers=twice).status_code == 400


class TestOrigin:
    @pytest.mark.parametrize(
        ("told", "status"),
        [
            ({"origin": ORIGIN}, 200),
            ({"sec-fetch-site": "same-origin", "origin": ORIGIN}, 200),
            ({}, 200),
            ({"origin": "https://evil.example"}, 403),
            ({"origin": "http://127.0.0.1:5000"}, 403),
            ({"origin": "null"}, 403),
            ({"sec-fetch-site": "cross-site"}, 403),
            ({"sec-fetch-site": "same-site"}, 403),
        ],
    )
    def test_decides_about_acts(self, hub: Hub, told: dict[str, str], status: int) -> None:
        assert hub.ask("POST", "/echo", headers={**hub.cookie(), **told}).status_code == status

    def test_may_be_foreign_for_a_link(self, hub: Hub) -> None:
        assert hub.ask("GET", "/", headers={**hub.cookie(), "sec-fetch-site": "cross-site"}).status_code == 200


class TestWebSocket:
    def test_of_our_own_page_is_let_in(self, hub: Hub) -> None:
        answers = hub.shake_hands({**hub.cookie(), "origin": ORIGIN, "sec-fetch-site": "cross-site"})

        assert [answer["type"] for answer in answers] == ["websocket.accept", "websocket.send", "websocket.close"]
        assert answers[1]["text"] == "local"

    @pytest.mark.parametrize(
        "headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"cookie": "pelagos_session=wrong"}]
    )
    def test_of_anybody_else_is_not_answered(self, hub: Hub, headers: dict[str, str]) -> None:
        (answer,) = hub.shake_hands({**hub.cookie(), **headers})

        assert (answer["type"], answer["code"]) == ("websocket.close", 1008)

    @pytest.mark.parametrize(
        ("headers", "status"), [({"origin": "https://evil.example"}, 403), ({"cookie": "pelagos_session=wrong"}, 401)]
    )
    def test_of_anybody_else_is_told_why_where_the_server_can_say_it(
        self, hub: Hub, headers: dict[str, str], status: int
    ) -> None:
        start, body = hub.shake_hands({**hub.cookie(), **headers}, {"websocket.http.response": {}})

        assert (start["type"], start["status"]) == ("websocket.http.response.start", status)
        assert json.loads(body["body"])["error"]["message"]


class TestBodies:
    def test_pass_piece_by_piece(self, hub: Hub) -> None:
        seen: list[tuple[str, bytes]] = []

        async def talk_in_turns() -> None:
            pieces = iter([b"one", b"two", b"three"])

            async def receive() -> Message:
                piece = next(pieces)
                seen.append(("in", piece))
                return {"type": "http.request", "body": piece, "more_body": piece != b"three"}

            async def send(message: Message) -> None:
                if message.get("body"):
                    seen.append(("out", message["body"]))

            headers = [(b"host", b"localhost"), (b"authorization", f"Bearer {hub.token}".encode())]
            scope = {"type": "http", "method": "POST", "path": "/echo", "headers": headers, "query_string": b""}
            await hub.app(scope, receive, send)

        asyncio.run(talk_in_turns())

        assert seen[:4] == [("in", b"one"), ("out", b"one"), ("in", b"two"), ("out", b"two")]
