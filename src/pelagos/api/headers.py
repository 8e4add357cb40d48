"""Which headers the proxy passes on, and how those that name places or cookies are changed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pelagos.identity import credentials

Headers = Sequence[tuple[str, str]]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""They speak of one connection only: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1"""

_OF_THE_HOST = frozenset({"clear-site-data", "service-worker-allowed", "strict-transport-security"})
"""They would speak for the whole host, and outlive the deployment: they stay with it."""
_KEPT_HERE = HOP_BY_HOP | {"expect"}
"""The server in front has answered an expectation already."""
_OF_A_HANDSHAKE = frozenset(f"sec-websocket-{name}" for name in ("accept", "extensions", "key", "protocol", "version"))


def asked(headers: Iterable[tuple[bytes, bytes]], *, handshake: bool = False) -> list[tuple[str, str]]:
    """Give the headers of a request as the deployment gets them: without the hub's own cookie and token."""
    others = credentials.without(headers)
    plain = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in others]
    dropped = _KEPT_HERE | _named(plain) | (_OF_A_HANDSHAKE if handshake else frozenset())
    return [(name, value) for name, value in plain if name not in dropped]


def answered(headers: Iterable[tuple[str, str]], *, prefix: str, host: str) -> list[tuple[bytes, bytes]]:
    """Give the headers of an answer as the client gets them; places and cookies of the host lie below `prefix`."""
    plain = [(name.lower(), value) for name, value in headers]
    dropped = HOP_BY_HOP | _OF_THE_HOST | _named(plain)
    kept = [(name, _changed(name, value, prefix, host)) for name, value in plain if name not in dropped]
    return [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in kept if value]


def below(location: str, *, prefix: str, host: str) -> str:
    """Give a place of the deployment's as the client finds it; places elsewhere and relative ones stay as they are."""
    parts = urlsplit(location)
    if parts.netloc not in ("", host) or not (parts.netloc or location.startswith("/")):
        return location
    path = parts.path or "/"
    if not f"{path}/".startswith(f"{prefix}/"):
        path = prefix + path
    return parts._replace(scheme="", netloc="", path=path).geturl()


def _named(headers: Headers) -> frozenset[str]:
    """Give the headers that `Connection` names as its own."""
    values = (value for name, value in headers if name == "connection")
    return frozenset(word.strip().lower() for value in values for word in value.split(","))


def _changed(name: str, value: str, prefix: str, host: str) -> str:
    if name in ("location", "content-location"):
        return below(value, prefix=prefix, host=host)
    return _cookie(value, prefix) if name == "set-cookie" else value


def _cookie(value: str, prefix: str) -> str:
    """Keep a cookie below the prefix and on this host; the hub's own can not be set from there."""
    first, *attributes = (part.strip() for part in value.split(";"))
    if first.partition("=")[0].strip() == credentials.COOKIE:
        return ""
    named = [(part.partition("=")[0].lower(), part.partition("=")[2]) for part in attributes]
    path = next((given for name, given in named if name == "path"), "/")
    inside = path if f"{path.rstrip('/')}/".startswith(f"{prefix}/") else f"{prefix}/"
    others = [part for part, (name, _) in zip(attributes, named, strict=True) if name not in ("path", "domain")]
    return "; ".join([first, *others, f"Path={inside}"])
