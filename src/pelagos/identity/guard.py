"""The guard at the hub's door: lets in who is known, comes to the right host and acts from our own pages.

Bodies and answers pass by untouched, piece by piece.
"""

from __future__ import annotations

import asyncio
import urllib.parse
from collections.abc import Collection

from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from pelagos.domain import errors
from pelagos.identity import credentials, origins, people, refusals

OPEN = ("/healthz", "/static/", "/favicon.ico")
"""What everybody may read; a path that ends in a slash stands for all below it."""
LOGIN, LOGOUT = "/login", "/logout"
COOKIE_LIFE_S = 400 * 24 * 3600
"""As long as browsers allow: it is the session that ends."""
_POLICY_VIOLATED = 1008


class _Refused(Exception):
    def __init__(self, status: int, error: errors.PelagosError) -> None:
        super().__init__(error.message)
        self.status = status
        self.error = error


class Guard:
    """ASGI middleware; the person is in `scope["state"]["person"]` of all that it lets through."""

    def __init__(
        self,
        app: ASGIApp,
        known: people.People,
        *,
        hosts: Collection[str],
        secure: bool = False,
        page: refusals.Page = refusals.plain_page,
    ) -> None:
        """Stand before `app`. `hosts` are the names the hub goes by, without ports; `secure` says that all comes by
        HTTPS; `page` writes what people see who are not let in."""
        self._app = app
        self._known = known
        self._hosts = frozenset(host.lower().strip("[]") for host in hosts)
        self._secure = secure
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one request through, or refuse it."""
        if scope["type"] == "lifespan" or _is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            self._check_origin(scope)
            answer = await self._own(scope)
            if answer is None:
                person = await self._person(scope)
        except _Refused as refused:
            await self._refuse(refused, scope, receive, send)
            return
        except errors.Unavailable as error:
            # Nobody is known while the database does not answer.
            await self._refuse(_Refused(503, error), scope, receive, send)
            return
        if answer is not None:
            await answer(scope, receive, send)
            return
        state = {**scope.get("state", {}), "person": person}
        await self._app({**scope, "state": state}, receive, send)

    def _check_origin(self, scope: Scope) -> None:
        if _host(scope) not in self._hosts:
            # Another name that leads here: a page of that name must not read what we show (DNS rebinding).
            hint = f"It answers to: {', '.join(sorted(self._hosts))}."
            raise _Refused(400, errors.Forbidden("The hub does not go by this name.", hint=hint))
        if _acts(scope) and origins.from_elsewhere(_telling(scope)):
            raise _Refused(403, errors.Forbidden("This act was asked for by another site's page."))

    async def _own(self, scope: Scope) -> Response | None:
        """Answer what the guard itself answers."""
        if scope["type"] != "http":
            return None
        if scope["path"] == LOGIN and scope["method"] == "GET":
            return await self._log_in(scope)
        if scope["path"] == LOGOUT and scope["method"] == "POST":
            await asyncio.to_thread(self._known.end, credentials.session(scope["headers"]))
            return self._redirected("", life_s=0)
        return None

    async def _log_in(self, scope: Scope) -> Response:
        key = urllib.parse.parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        try:
            session = await asyncio.to_thread(self._known.redeem, key, credentials.agent(scope["headers"]))
        except errors.Unauthenticated as error:
            # A link that is opened a second time still leads somebody home who is in already.
            await self._person(scope, error if key else None)
            return RedirectResponse("/", 303)
        return self._redirected(session, life_s=COOKIE_LIFE_S)

    def _redirected(self, session: str, *, life_s: int) -> Response:
        cookie = credentials.set_cookie(session, secure=self._secure, life_s=life_s)
        headers = {"Set-Cookie": cookie, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return RedirectResponse("/", 303, headers)

    async def _person(self, scope: Scope, error: errors.Unauthenticated | None = None) -> people.Person:
        token = credentials.token(scope["headers"])
        if token is not None:
            person = await asyncio.to_thread(self._known.by_token, token)
            error = errors.Unauthenticated("This token is not valid.")
        else:
            person = await asyncio.to_thread(self._known.by_session, credentials.session(scope["headers"]))
        if person is None:
            message = (error or errors.Unauthenticated()).message
            raise _Refused(401, errors.Unauthenticated(message, hint=refusals.ASK_AGAIN))
        return person

    async def _refuse(self, refused: _Refused, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            # Before the handshake is answered the server makes this a 403.
            await send({"type": "websocket.close", "code": _POLICY_VIOLATED, "reason": refused.error.message})
            return
        await refusals.answer(scope, refused.status, refused.error, self._page)(scope, receive, send)


def _is_open(path: str) -> bool:
    return any(path == each or (each.endswith("/") and path.startswith(each)) for each in OPEN)


def _host(scope: Scope) -> str | None:
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    try:
        return urllib.parse.urlsplit(f"//{given[0]}").hostname if len(given) == 1 else None
    except ValueError:
        return None


def _acts(scope: Scope) -> bool:
    return scope["type"] == "websocket" or not origins.changes_nothing(scope["method"])


def _telling(scope: Scope) -> list[tuple[bytes, bytes]]:
    # Browsers do not agree what Sec-Fetch-Site says of a WebSocket; all of them send its Origin.
    ignored = b"sec-fetch-site" if scope["type"] == "websocket" else b""
    return [(name, value) for name, value in scope["headers"] if name != ignored]
