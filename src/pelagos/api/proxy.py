"""Pass requests on to deployments, below `/deployments/<id>/`: streams both ways, and WebSockets.

Bodies are never held: a piece is read when the one before it was taken. What waits for a deployment ends when its
client goes away, so that a worker is not kept busy for nobody.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import aiohttp
import yarl
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope, Send

from pelagos import orchestrator
from pelagos.api import headers, sockets
from pelagos.domain import errors
from pelagos.runtime import errors as runtime_errors

CONNECT_S = 10.0
TARGET_KEPT_S = 0.05
"""A deployment's address is asked for again after so long: soon, as its replicas take turns by that."""
NOTED_EVERY_S = 0.5
"""How often connections that stay open are told of as use; whoever is told decides when to write that down."""
KEPT_S = 60.0
"""What is kept for a deployment's next request is let go after so long without one: it may be gone for good."""
MOST_CONNECTIONS = 256
"""To one deployment at once; further requests wait."""
_PIECE_BYTES = 65_536
_ID = re.compile("[0-9a-f]{32}")

Find = Callable[[str], orchestrator.Address]


class Proxy:
    """The ASGI application behind `/deployments/{id}/`; made within any thread, used within one event loop."""

    def __init__(
        self,
        find: Find,
        used: Callable[[str], None],
        *,
        noted_every_s: float = NOTED_EVERY_S,
        kept_s: float = KEPT_S,
    ) -> None:
        """Pass requests to where `find` says; `used` is told now and then of deployments with open connections."""
        self._find = find
        self._used = used
        self._noted_every_s = noted_every_s
        self._kept_s = kept_s
        self._open: collections.Counter[str] = collections.Counter()
        self._noting: asyncio.Task[None] | None = None
        self._targets: dict[str, tuple[float, orchestrator.Address]] = {}
        self._links: dict[orchestrator.Address, _Link] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket.

        For a request raises what `find` raises, Unavailable, HTTPException (502) and Timeout.
        """
        if scope["type"] == "http":
            await self._pass(scope, receive, send)
            return
        try:
            await self._pass(scope, receive, send)
        except HTTPException as error:
            await sockets.refuse(scope, send, error.status_code)
        except errors.PelagosError as error:
            await sockets.refuse(scope, send, runtime_errors.status_of(error))

    async def _pass(self, scope: Scope, receive: Receive, send: Send) -> None:
        deployment_id = scope["path_params"]["id"]
        if not _ID.fullmatch(deployment_id):
            raise HTTPException(404, "There is no such deployment.")
        with self._opened(deployment_id):
            for again in (True, False):
                try:
                    await self._try(deployment_id, scope, receive, send)
                    return
                except aiohttp.ClientError as error:
                    self._targets.pop(deployment_id, None)
                    # It may have gone since we asked where it is; while nothing was sent another one may be asked.
                    if not (again and isinstance(error, aiohttp.ClientConnectorError)):
                        raise _told(error) from error

    async def _try(self, deployment_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        target = await self._target(deployment_id)
        with self._link(target).used() as session:
            passing = _Passing(session, target, scope, prefix=f"/deployments/{deployment_id}")
            await (passing.request if scope["type"] == "http" else passing.socket)(receive, send)

    async def close(self) -> None:
        """Close all connections to deployments."""
        if self._noting is not None:
            self._noting.cancel()
        links, self._links = self._links, {}
        for link in links.values():
            await link.session.close()

    async def _target(self, deployment_id: str) -> orchestrator.Address:
        now = time.monotonic()
        until, target = self._targets.get(deployment_id, (0.0, None))
        if target is None or until < now:
            target = await asyncio.to_thread(self._find, deployment_id)
            self._targets[deployment_id] = (now + TARGET_KEPT_S, target)
        return target

    @contextlib.contextmanager
    def _opened(self, deployment_id: str) -> Iterator[None]:
        """Count a connection for as long as it is open."""
        if self._noting is None:
            self._noting = asyncio.create_task(self._note())
        self._open[deployment_id] += 1
        try:
            yield
        finally:
            self._open[deployment_id] -= 1

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(self._noted_every_s)
            self._open = +self._open
            if self._open:
                await asyncio.to_thread(self._tell, tuple(self._open))
            await self._let_go(time.monotonic())

    async def _let_go(self, now: float) -> None:
        self._targets = {key: each for key, each in self._targets.items() if each[0] >= now}
        for target, link in tuple(self._links.items()):
            if not link.users and link.last_used + self._kept_s <= now:
                del self._links[target]
                await link.session.close()

    def _tell(self, used: Sequence[str]) -> None:
        for deployment_id in used:
            with contextlib.suppress(errors.PelagosError):
                self._used(deployment_id)

    def _link(self, target: orchestrator.Address) -> _Link:
        found = self._links.get(target)
        if found is None:
            found = self._links[target] = _Link(_session(target))
        return found


class _Link:
    """The connections to one address, and whether anybody uses them."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.session = session
        self.users = 0
        self.last_used = 0.0

    @contextlib.contextmanager
    def used(self) -> Iterator[aiohttp.ClientSession]:
        """Use it for as long as the block lasts."""
        self.users += 1
        try:
            yield self.session
        finally:
            self.users -= 1
            self.last_used = time.monotonic()


def _told(error: aiohttp.ClientError) -> Exception:
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return errors.Timeout("The deployment did not take the connection in time.")
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ServerDisconnectedError):
        return errors.Unavailable("The deployment does not answer; it may be starting again.")
    return HTTPException(502, "The deployment gave no proper answer.")


def _session(target: orchestrator.Address) -> aiohttp.ClientSession:
    connector = (
        aiohttp.UnixConnector(str(target.socket), limit=MOST_CONNECTIONS)
        if target.socket is not None
        else aiohttp.TCPConnector(limit=MOST_CONNECTIONS)
    )
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=CONNECT_S, sock_read=None),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
        read_bufsize=_PIECE_BYTES,
    )


class _Passing:
    """One request on its way."""

    def __init__(
        self, session: aiohttp.ClientSession, target: orchestrator.Address, scope: Scope, *, prefix: str
    ) -> None:
        self._session = session
        self._scope = scope
        self._prefix = prefix
        self._host = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        # The name says nothing over a Unix socket; the client's Host header is passed on.
        place = f"{target.host}:{target.port}" if target.socket is None else "deployment"
        self._url = yarl.URL(f"http://{place}{path}", encoded=True)

    async def request(self, receive: Receive, send: Send) -> None:
        """Pass a request on and its answer back, until either end has enough."""
        incoming = _Incoming(receive, self._scope)
        answering = asyncio.create_task(self._answer(incoming, send))
        leaving = asyncio.create_task(incoming.gone())
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
        finally:
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def socket(self, receive: Receive, send: Send) -> None:
        """Join a client's WebSocket with one of the deployment."""
        asked = headers.asked(self._scope["headers"], handshake=True)
        wanted = self._scope.get("subprotocols", ())
        try:
            there = await self._session.ws_connect(self._url, protocols=wanted, headers=asked, max_msg_size=0)
        except aiohttp.WSServerHandshakeError as refused:
            await sockets.refuse(self._scope, send, refused.status)
            return
        async with there:
            await sockets.join(there, receive, send)

    async def _answer(self, incoming: _Incoming, send: Send) -> None:
        asked = headers.asked(self._scope["headers"])
        body = incoming.body() if incoming.has_body else None
        async with self._session.request(
            self._scope["method"], self._url, headers=asked, data=body, allow_redirects=False
        ) as answer:
            given = headers.answered(answer.headers.items(), prefix=self._prefix, host=self._host)
            await send({"type": "http.response.start", "status": answer.status, "headers": given})
            async for piece in answer.content.iter_any():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Incoming:
    """The body of a request, and whether its client is still there."""

    def __init__(self, receive: Receive, scope: Scope) -> None:
        names = dict(scope["headers"])
        self.has_body = b"transfer-encoding" in names or names.get(b"content-length", b"0") != b"0"
        self._receive = receive
        self._whole = asyncio.Event()
        if not self.has_body:
            self._whole.set()

    async def body(self) -> AsyncIterator[bytes]:
        """Give the body in pieces as they come."""
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client went away")
            piece, more = message.get("body", b""), message.get("more_body", False)
            if piece:
                yield piece
        self._whole.set()

    async def gone(self) -> None:
        """Return when the client has gone; its body is read by `body` before."""
        await self._whole.wait()
        message: Message = {"type": ""}
        while message["type"] != "http.disconnect":
            message = await self._receive()
