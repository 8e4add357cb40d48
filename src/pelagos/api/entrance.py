"""The door to deployments: those that open the hub's machine are for admins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

from pelagos import identity, orchestrator
from pelagos.api import sockets
from pelagos.domain import errors
from pelagos.runtime import errors as runtime_errors

Get = Callable[[str], orchestrator.Deployment]


class Entrance:
    """ASGI middleware in front of the proxy; admins pass without a look at the deployment."""

    def __init__(self, app: ASGIApp, get: Get) -> None:
        self._app = app
        self._get = get

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request or WebSocket through; for a request raises Forbidden, and NotFound."""
        try:
            await self._check(scope)
        except errors.PelagosError as error:
            if scope["type"] == "http":
                raise
            await sockets.refuse(scope, send, runtime_errors.status_of(error))
            return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope) -> None:
        person: identity.Person = scope["state"]["person"]
        if identity.Role.ADMIN in person.roles:
            return
        found = await asyncio.to_thread(self._get, scope["path_params"]["id"])
        # What it will be, and what still runs of what it was.
        if found.wish.opens_machine or any(each.what is not orchestrator.What.MODULE for each in found.replicas):
            person.require(identity.Role.ADMIN)
