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
    _between = True
    """Whether the next byte begins a request."""
    _first: bytes | None = None
    """What was received last, if it begins with a request whose head has not ended."""
    _head: bytes | None = None
    """The same, while that head is dealt with."""
    _exchange: direct.Exchange | None = None
    """The small prediction in progress."""
    _adopting = False
    """Whether uvicorn is being told of a request that is in progress already."""
    _used = 0.0
    """When the newest request ended, by the loop's clock."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin."""
        self._heads: direct.Heads | None = getattr(self.app, "heads", None)
        super().connection_made(Joining(transport, self.loop))  # type: ignore[arg-type]

    def connection_lost(self, exc: Exception | None) -> None:
        """Free the place of a prediction that nobody waits for."""
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.gone()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that does not end is refused."""
        if self._heads is not None and self._is_idle() and self._begin_known(self._heads, data):
            return
        if self._exchange is not None and self._exchange.cycle is None:
            self._adopt(self._exchange)
        self._first = data if self._between else None
        self._unended += len(data)
        super().data_received(data)
        if self._unended > LARGEST_HEAD and self.transport.get_protocol() is self:
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        """Take note that a request has begun."""
        self._between = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Begin with the request."""
        self._head, self._first = self._first, None
        super().on_headers_complete()
        self._head = None

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
        self._between = True
        super().on_message_complete()
        if self._exchange is not None and self._exchange.cycle is self.cycle and not self._adopting:
            self._exchange.begin(bytes(self.cycle.body))

    def on_response_complete(self) -> None:
        """Be ready for the next request."""
        self._exchange = None
        super().on_response_complete()

    def shutdown(self) -> None:
        """Close when the request in progress has been answered."""
        if self._exchange is not None and self._exchange.cycle is None:
            self._adopt(self._exchange)
        super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that was not used for long; small predictions do not set its timer again."""
        left_s = self._used + self.timeout_keep_alive - self.loop.time()
        if self._exchange is None and left_s <= 0:
            super().timeout_keep_alive_handler()
        else:
            self.timeout_keep_alive_task = self.loop.call_later(max(1.0, left_s), self.timeout_keep_alive_handler)

    # What a small prediction asks of its connection.

    @property
    def default_headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer."""
        return self.server_state.default_headers

    def ordinary(self, app: Any) -> None:
        """Let an ASGI application answer what began as a small prediction."""
        exchange = self._exchange
        if exchange is not None:
            if exchange.cycle is None:
                self._adopt(exchange)
            self._exchange = None
            super()._start_asgi_task(exchange.cycle, app)

    def answered(self) -> None:
        """Be ready for the next request, with as little ado as possible when uvicorn knows nothing of this one."""
        alone = self._exchange is not None and self._exchange.cycle is None
        self._used = self.loop.time()
        if alone and self.timeout_keep_alive_task is not None:
            self._exchange = None
            self.server_state.total_requests += 1
        else:
            self.on_response_complete()

    def _is_idle(self) -> bool:
        """Whether the next byte begins a request that nothing is in the way of."""
        cycle: httptools_impl.RequestResponseCycle | None = self.cycle
        answered = cycle is None or cycle.response_complete
        return answered and self._between and self._exchange is None and not self.flow.write_paused

    def _begin_known(self, heads: direct.Heads, data: bytes) -> bool:
        """Begin with a request whose head was read before; whether it is one."""
        found = heads.find(data)
        if found is None or self.transport.is_closing() or self.transport.get_protocol() is not self:
            return False
        self._exchange = direct.Exchange(self, found[0], data=data)
        self._exchange.begin(found[1])
        return True

    def _adopt(self, exchange: direct.Exchange) -> None:
        """Let uvicorn read a request that is in progress already, as it has more to do with it than to answer."""
        self._adopting = True
        super().data_received(exchange.data)
        self._adopting = False

    def _start_asgi_task(self, cycle: httptools_impl.RequestResponseCycle, app: Any) -> None:
        if self._adopting and self._exchange is not None:
            self._exchange.cycle = cycle
            return
        # A request that waited for the one before it may be there already; who reads slowly is waited for.
        begins = cycle.more_body and not self.flow.write_paused
        small = getattr(self.app, "small", None)
        known = small(cycle.scope) if begins and small is not None else None
        if known is None:
            super()._start_asgi_task(cycle, app)
            return
        if self._heads is not None and self._head is not None and cycle.keep_alive:
            self._heads.keep(self._head, known)
        self._exchange = direct.Exchange(self, known, cycle=cycle)


class Joining:
    """A transport that sends what was written in one turn of the event loop by one call."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        """Whether it is closed, or will be."""
        return self._transport.is_closing()

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Give who is told what arrives."""
        return self._transport.get_protocol()

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
