"""Bodies that are held in memory are small; those that are streamed to disk have a limit of their own."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 1 << 20
"""In bytes, of a body that nobody streams."""
STREAMED = "body_is_streamed"
"""In the state of a request whose body is read piece by piece."""


class Bounded:
    """ASGI middleware: refuses with 413 what is too large, while it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        scope.setdefault("state", {})
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > LARGEST and STREAMED not in scope["state"]:
                raise HTTPException(413, f"The body is larger than {LARGEST:,} bytes.")
            return message

        await self._app(scope, counted, send)
