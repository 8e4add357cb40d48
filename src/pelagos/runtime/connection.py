"""An HTTP connection that answers small predictions by itself and sends head and body of an answer together.

Uvicorn reads the requests. Most predictions are small and ask for nothing special: they go straight to the pool,
without a task and an ASGI application of their own (see `direct`). Everything else goes uvicorn's ordinary way.

There uvicorn writes head and body one after the other and uvloop sends every write at once: two system calls, two
packets and two wake-ups of the client for each small answer.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http import httptools_impl

from pelagos.runtime import direct

LARGEST_HEAD = 1 << 17
"""Bytes that may come without an end of a head or a piece of a body: the parser keeps them all in memory."""


class Connection(httptools_impl.HttpToolsProtocol):
    """Uvicorn's connection, over a transport that waits for the end of the event loop's turn."""

    _unended = 0
    """Bytes since the last body piece or the end of a request."""
    _exchange: direct.Exchange | None = None
    """The small prediction in progress; uvicorn knows its cycle, which has no task."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        super().connection_made(Joining(transport, self.loop))  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the place of a prediction that nobody waits for."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that does not end is refused."""
        self._unended += len(data)
        super().data_received(data)
        if self._unended > LARGEST_HEAD and self.transport.get_protocol() is self:
            self.send_400_response("The head of the request is too large.")

    def on_body(self, body: bytes) -> None:
        """Keep a small body; a large one is read when somebody asks for it."""
        self._unended = 0
        if self._exchange is not None and self._exchange.cycle is self.cycle:
            self.cycle.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Begin with the small prediction that is there as a whole."""
        self._unended = 0
        super().on_message_complete()
        if self._exchange is not None and self._exchange.cycle is self.cycle:
            self._exchange.begin()

    def on_response_complete(self) -> None:
        """Be ready for the next request."""
        self._exchange = None
        super().on_response_complete()

    def ordinary(self, app: Any) -> None:
        """Let an ASGI application answer what began as a small prediction."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            super()._start_asgi_task(exchange.cycle, app)

    def _start_asgi_task(self, cycle: httptools_impl.RequestResponseCycle, app: Any) -> None:
        # A request that waited for the one before it may be there already; who reads slowly is waited for.
        begins = cycle.more_body and not self.flow.write_paused
        small = getattr(self.app, "small", None)
        answering = small(cycle.scope) if begins and small is not None else None
        if answering is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._exchange = direct.Exchange(self, cycle, answering)


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

    def write_now(self, data: bytes) -> None:
        """Send data that is whole."""
        self._flush()
        self._transport.write(data)

    def close(self) -> None:
        """Send what is held and close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._held:
            held, self._held = self._held, []
            self._transport.writelines(held)
