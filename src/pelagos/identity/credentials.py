"""Read from a request's headers who it claims to come from, and take that out before the request is passed on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

COOKIE = "pelagos_session"
_BEARER = "bearer "

Headers = Iterable[tuple[bytes, bytes]]


def session(headers: Headers) -> str:
    """Give the session of the cookie; empty when there is none."""
    pairs = (pair for name, value in headers if name == b"cookie" for pair in value.split(b";"))
    return next((pair.partition(b"=")[2].strip().decode("latin-1") for pair in pairs if _ours(pair)), "")


def token(headers: Headers) -> str | None:
    """Give the bearer token; None when there is none."""
    given = (value.decode("latin-1") for name, value in headers if name == b"authorization")
    return next((value[len(_BEARER) :].strip() for value in given if value.lower().startswith(_BEARER)), None)


def agent(headers: Headers) -> str:
    """Give how the browser calls itself; empty when it does not say."""
    return next((value.decode("latin-1") for name, value in headers if name == b"user-agent"), "")


def without(headers: Headers) -> Sequence[tuple[bytes, bytes]]:
    """Give the headers without our session and without any bearer token: a deployed module learns neither."""
    kept = []
    for name, value in headers:
        if name == b"authorization" and value.lower().startswith(_BEARER.encode()):
            continue
        if name == b"cookie":
            others = [pair.strip() for pair in value.split(b";") if not _ours(pair)]
            if others:
                kept.append((name, b"; ".join(others)))
            continue
        kept.append((name, value))
    return kept


def set_cookie(value: str, *, secure: bool, life_s: int) -> str:
    """Write the header that gives a browser its session, or with an empty one takes it away."""
    return f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={life_s}{'; Secure' if secure else ''}"


def _ours(pair: bytes) -> bool:
    return pair.partition(b"=")[0].strip() == COOKIE.encode()
