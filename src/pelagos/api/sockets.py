"""Join two WebSockets: what one end says the other hears, and both end together."""

from __future__ import annotations

import asyncio

import aiohttp
from starlette.types import Message, Receive, Scope, Send

_GOING_AWAY = 1001
_REFUSED = 1013
_UNSAYABLE = frozenset({1004, 1005, 1006, 1015})
"""https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1"""


async def refuse(scope: Scope, send: Send, status: int) -> None:
    """Decline a handshake, with the status that the other end declined it with where the server can say it."""
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": []})
        await send({"type": "websocket.http.response.body", "body": b""})
    else:
        await send({"type": "websocket.close", "code": _REFUSED})


async def join(there: aiohttp.ClientWebSocketResponse, receive: Receive, send: Send) -> None:
    """Accept the client's WebSocket and pass messages both ways until one end closes."""
    await receive()
    await send({"type": "websocket.accept", "subprotocol": there.protocol})
    outward = asyncio.create_task(_outward(receive, there))
    inward = asyncio.create_task(_inward(there, send))
    try:
        await asyncio.wait({outward, inward}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (outward, inward):
            task.cancel()
        await asyncio.gather(outward, inward, return_exceptions=True)


async def _outward(receive: Receive, there: aiohttp.ClientWebSocketResponse) -> None:
    while True:
        message: Message = await receive()
        if message["type"] == "websocket.disconnect":
            await there.close(code=_sayable(message.get("code")))
            return
        if message.get("text") is not None:
            await there.send_str(message["text"])
        else:
            await there.send_bytes(message["bytes"])


async def _inward(there: aiohttp.ClientWebSocketResponse, send: Send) -> None:
    async for message in there:
        if message.type is aiohttp.WSMsgType.TEXT:
            await send({"type": "websocket.send", "text": message.data})
        elif message.type is aiohttp.WSMsgType.BINARY:
            await send({"type": "websocket.send", "bytes": message.data})
    await send({"type": "websocket.close", "code": _sayable(there.close_code)})


def _sayable(code: int | None) -> int:
    """Give a code that may stand in a close frame; some only tell that there was none."""
    if code is None or code in _UNSAYABLE or not 1000 <= code < 5000:
        return _GOING_AWAY
    return code
