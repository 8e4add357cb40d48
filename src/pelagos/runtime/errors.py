"""The one map from errors to HTTP answers. Nothing else in this room knows a status number of an error.

As in DEEPaaS, 400 and 422 are JSON and everything else is a line of text (`404: Not Found`), unless the client's Accept
names JSON.
"""

from __future__ import annotations

import dataclasses
import http
import json
from collections.abc import Mapping
from typing import Any

from pelagos.domain import errors
from pelagos.runtime import arguments

_STATUS: Mapping[type[Exception], int] = {
    errors.InvalidInput: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Busy: 429,
    errors.Unavailable: 503,
    errors.TooLarge: 413,
    errors.Timeout: 504,
    errors.ModuleFailed: 500,
    errors.MissingExtra: 501,
}


class Declined(Exception):
    """A request that HTTP itself declines: broken, unknown path, wrong method, disabled."""

    def __init__(self, status: int, message: str = "", *, allow: str = "", faults: Mapping[str, Any] | None = None):
        super().__init__(message)
        self.status = status
        self.message = message
        self.allow = allow
        self.faults = faults


def not_implemented(module: str) -> Declined:
    """Decline what the module cannot do, in the words of DEEPaaS."""
    return Declined(501, f"Not implemented by underlying model (loaded '{module}')")


class Passed(Exception):
    """An error that the module's own parsing library wrote; it goes to the client as it is."""

    def __init__(self, status: int, body: bytes, media_type: str) -> None:
        super().__init__(body.decode("utf-8", "replace"))
        self.answer = Answer(status, body, media_type)


@dataclasses.dataclass(frozen=True)
class Answer:
    """An error as it goes to the client."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)


def answer(error: Exception, accept: str = "") -> Answer:
    """Turn an error into an answer; `accept` is the client's header. What is not ours becomes a bare 500."""
    if isinstance(error, Passed):
        return error.answer
    status = status_of(error)
    faults = _faults(error)
    if faults is not None:
        return Answer(status, json.dumps(faults).encode(), "application/json")
    if "json" in accept:
        body = json.dumps({"error": _facts(error, status)}).encode()
        return Answer(status, body, "application/json; charset=utf-8", _headers(error, status))
    return Answer(status, _line(error, status).encode(), "text/plain; charset=utf-8", _headers(error, status))


def status_of(error: Exception) -> int:
    """Give the status of an error; that of its nearest known class."""
    if isinstance(error, Declined):
        return error.status
    return next((_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), 500)


def _faults(error: Exception) -> Mapping[str, Any] | None:
    if isinstance(error, arguments.BadArguments):
        return error.nested
    if isinstance(error, errors.InvalidInput):
        return error.faults
    return error.faults if isinstance(error, Declined) else None


def _facts(error: Exception, status: int) -> dict[str, Any]:
    facts: dict[str, Any] = {"code": "http", "message": _message(error, status), "hint": ""}
    if isinstance(error, errors.PelagosError):
        facts |= {"code": error.code, "hint": error.hint}
    if isinstance(error, errors.ModuleFailed):
        facts["id"] = error.error_id
    return facts


def _message(error: Exception, status: int) -> str:
    if isinstance(error, (errors.PelagosError, Declined)) and error.message:
        return error.message
    return http.HTTPStatus(status).phrase


def _line(error: Exception, status: int) -> str:
    text = f"{status}: {_message(error, status)}"
    number = error.error_id if isinstance(error, errors.ModuleFailed) else ""
    return f"{text} (error {number})" if number else text


def _headers(error: Exception, status: int) -> dict[str, str]:
    headers = {}
    if isinstance(error, errors.Unavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Declined) and error.allow:
        headers["Allow"] = error.allow
    if status == 413:
        # The rest of the body is not read, so the connection cannot be used again.
        headers["Connection"] = "close"
    return headers
