"""Refuse what another site's page asks a browser to do."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from pelagos.identity import origins


def foreign(scope: Scope) -> bool:
    """Whether a request would change something and a browser says that another origin's page made it."""
    return not origins.changes_nothing(scope["method"]) and origins.from_elsewhere(scope["headers"])


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer such a request."""
    await PlainTextResponse("403: this act was asked for by another site's page\n", 403)(scope, receive, send)
