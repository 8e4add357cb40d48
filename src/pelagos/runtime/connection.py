"""An HTTP connection that sends the head and the body of an answer together.

Uvicorn writes them one after the other and uvloop sends every write at once: two system calls, two packets and two
wake-ups of the client for each small answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http import httptools_impl


class Connection(httptools_impl.HttpToolsProtocol):
    """Uvicorn's connection over a transport that waits for the end of the event loop's turn."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(Joining(transport, self.loop))  # type: ignore[arg-type]


class Joining:
    """A transport that sends what was written in one turn of the event loop by one call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Take data; it is sent when this turn ends."""
        if not self._held:
            self._loop.call_soon(self._flush)
        self._held.append(data)

    def close(self) -> None:
        """Send what is held and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)
