"""Refuse what another site's page asks a browser to do: a server on a scientist's machine trusts whoever reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TOLD = frozenset({b"sec-fetch-site", b"origin", b"host"})


def foreign(scope: Scope) -> bool:
    """Whether a request would change something and a browser says that another origin's page made it."""
    return scope["method"] not in _READING and from_elsewhere(scope["headers"])


def from_elsewhere(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers (names in lower case) tell of a page of another origin.

    Clients that are no browsers send neither header and carry no cookies that could be misused, so they pass.
    """
    told = {name: value for name, value in headers if name in _TOLD}
    site = told.get(b"sec-fetch-site")
    if site is not None:
        return site not in {b"same-origin", b"none"}
    origin = told.get(b"origin")
    return origin is not None and urlsplit(origin).netloc != told.get(b"host")


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer such a request."""
    await PlainTextResponse("403: this act was asked for by another site's page\n", 403)(scope, receive, send)
