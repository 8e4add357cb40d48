"""Tell what another site's page asks a browser to do: a server on a scientist's machine trusts whoever reaches it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_TOLD = frozenset({b"sec-fetch-site", b"origin", b"host"})


def changes_nothing(method: str) -> bool:
    """Whether requests of this method only read."""
    return method in _READING


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
