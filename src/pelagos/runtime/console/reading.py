"""Receive a posted form, for the length of one request."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request

from pelagos.runtime import bodies
from pelagos.runtime import service as services


@contextlib.asynccontextmanager
async def form(request: Request, service: services.Service) -> AsyncIterator[list[tuple[str, Any]]]:
    """Give the fields in their order, text or `calls.Upload`; what was written to disk is gone afterwards."""
    body = bodies.Body(service.settings.client_max_size, service.uploads)
    try:
        await bodies.read(bodies.Head(request.scope), request.receive, body)
        yield body.form
    finally:
        await body.close()
