"""What the routes of this room share: a table of methods, JSON answers, the module that a path names."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from pelagos.domain import errors as domain_errors
from pelagos.runtime import errors
from pelagos.runtime import service as services

Endpoint = Callable[[Request], Awaitable[Response]]


class Methods:
    """One path and what each method does; any other method is 405 with Allow, HEAD and OPTIONS too."""

    def __init__(self, table: Mapping[str, Endpoint], modules: Collection[str] | None = None) -> None:
        self._table = table
        self._modules = modules
        """Names of modules that a path may hold; None means that no path of ours does."""
        self._allow = ",".join(sorted(table))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._modules is not None and scope["path_params"].get("model", "") not in self._modules:
            raise errors.Declined(404)
        endpoint = self._table.get(scope["method"])
        if endpoint is None:
            raise errors.Declined(405, allow=self._allow)
        response = await endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


async def on_error(request: Request, error: Exception) -> Response:
    """Turn an error into a response."""
    if isinstance(error, HTTPException):
        error = errors.Declined(error.status_code, allow=(error.headers or {}).get("Allow", ""))
    answer = errors.answer(error, request.headers.get("accept", ""))
    body = b"" if request.method == "HEAD" else answer.body
    return Response(body, answer.status, dict(answer.headers), answer.media_type)


def as_json(value: Any, status: int = 200) -> Response:
    """Answer with JSON, written as DEEPaaS writes it."""
    return Response(json.dumps(value), status, media_type="application/json; charset=utf-8")


def find(service: services.Service, request: Request) -> services.ServedModule:
    """Find the module that a path names. Raises Declined (404)."""
    found = service.modules.get(request.path_params["model"])
    if found is None:
        raise errors.Declined(404)
    return found


def whole(request: Request, name: str) -> int | None:
    """Read a whole number from the query; None when it is not there. Raises InvalidInput."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise domain_errors.InvalidInput({name: [f"{text[:80]!r} is not a whole number from 0 to 999999999"]})
    return int(text)
