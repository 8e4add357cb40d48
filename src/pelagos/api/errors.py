"""The one shape of an error: `{"error": {"code", "message", "hint", "faults"}}`, with the runtime's map to statuses."""

from __future__ import annotations

import http
import json
import logging
import uuid
from collections.abc import Mapping
from typing import Any

import fastapi
from fastapi import exceptions
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from pelagos.domain import errors
from pelagos.runtime import errors as runtime_errors
from pelagos.runtime import pool

_LOG = logging.getLogger(__name__)


def handle(application: fastapi.FastAPI) -> None:
    """Let an application answer every error in the one shape."""
    for kind in (HTTPException, exceptions.RequestValidationError, errors.PelagosError, runtime_errors.Declined):
        application.add_exception_handler(kind, answer)
    application.add_exception_handler(pool.ClientGone, _nobody)
    application.add_exception_handler(Exception, _fault)


async def answer(_request: Request, error: Exception) -> Response:
    """Turn an error into an answer."""
    if isinstance(error, exceptions.RequestValidationError):
        return _written(422, "invalid_input", "The request is not valid.", faults=_faults(error))
    if isinstance(error, HTTPException):
        return _written(error.status_code, "http", str(error.detail), headers=error.headers)
    if isinstance(error, runtime_errors.Declined):
        message = error.message or http.HTTPStatus(error.status).phrase
        return _written(error.status, "http", message, faults=error.faults or {})
    if isinstance(error, errors.PelagosError):
        return _told(error)
    return _written(500, "error", "This is a fault of Pelagos itself.")


def _told(error: errors.PelagosError) -> Response:
    status = runtime_errors.status_of(error)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, errors.Unavailable) else None
    faults = error.faults if isinstance(error, errors.InvalidInput) else {}
    return _written(status, error.code, error.message, hint=error.hint, faults=faults, headers=headers)


async def _nobody(_request: Request, _error: Exception) -> Response:
    """Answer a client that went away while it was sending."""
    return Response(status_code=499)


async def _fault(_request: Request, error: Exception) -> Response:
    number = uuid.uuid4().hex[:12]
    _LOG.error("a request failed (error %s)", number, exc_info=error)
    return _written(500, "error", "This is a fault of Pelagos itself.", hint=f"The hub's log tells more: {number}.")


def _written(
    status: int,
    code: str,
    message: str,
    *,
    hint: str = "",
    faults: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    facts = {"code": code, "message": message, "hint": hint, "faults": faults or {}}
    # Plain ASCII: a message may quote half a character of somebody's input, which UTF-8 cannot write.
    return Response(json.dumps({"error": facts}), status, headers, media_type="application/json")


def _faults(error: exceptions.RequestValidationError) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in error.errors():
        place = ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0])
        found.setdefault(place, []).append(str(each["msg"]))
    return found
