"""What somebody gets who is not let in: JSON for programs, a page that says what to do for people."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

from pelagos.domain import errors

Page = Callable[[int, errors.PelagosError], str]
"""Writes the whole page for a status and what went wrong."""

ASK_AGAIN = "Run `pelagos login` on the machine of the hub and open the link that it prints."
_POLICY = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-ancestors 'none'"
_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def answer(scope: Scope, status: int, error: errors.PelagosError, page: Page) -> Response:
    """Refuse a request in the form that its client reads."""
    headers = {**_HEADERS, **({"WWW-Authenticate": "Bearer"} if status == 401 else {})}
    if _reads_pages(scope):
        headers["Content-Security-Policy"] = _POLICY
        return HTMLResponse(page(status, error), status, headers)
    facts = {"code": error.code, "message": error.message, "hint": error.hint}
    return JSONResponse({"error": facts}, status, headers)


def plain_page(status: int, error: errors.PelagosError) -> str:
    """Write a page without anything around it."""
    message, hint = html.escape(error.message), html.escape(error.hint)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{status} · Pelagos</title></head>'
        f"<body><main><h1>{message}</h1><p>{hint}</p></main></body></html>"
    )


def _reads_pages(scope: Scope) -> bool:
    return not scope["path"].startswith("/api/") and "text/html" in Headers(scope=scope).get("accept", "")
