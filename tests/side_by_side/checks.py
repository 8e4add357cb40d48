"""What a check is: a question that both servers are asked, and how their answers must compare."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import httpx

from side_by_side.servers import Server

Ask = Callable[[Server], Any]


@dataclasses.dataclass(frozen=True)
class Check:
    """One question. `same`: both answer alike. `better`: DEEPaaS still shows `fault`, and Pelagos what it `gives`."""

    topic: str
    name: str
    ask: Ask
    verdict: Literal["same", "better"] = "same"
    gives: Any = None
    """Of a better answer: what Pelagos answers, or a predicate of it."""
    fault: Any = None
    """Of a better answer: what DEEPaaS 2.6.0 answers, or a predicate of it."""
    was: str = ""
    """The fault in words, for the guide."""
    now: str = ""
    """What is better, in words."""
    alone: str = ""
    """The module of a reference server of its own, because the question breaks it."""


CHECKS: list[Check] = []


def same(topic: str, name: str, ask: Ask) -> None:
    """Declare that both answer alike."""
    CHECKS.append(Check(topic, name, ask))


def better(  # noqa: PLR0913 - the columns of the guide's table
    topic: str, name: str, ask: Ask, *, fault: Any, gives: Any, was: str, now: str, alone: str = ""
) -> None:
    """Declare a published difference."""
    CHECKS.append(Check(topic, name, ask, "better", gives, fault, was, now, alone))


def alike(one: Any, other: Any) -> bool:
    """Whether two answers are the same, the order of keys included."""
    return json.dumps(one) == json.dumps(other)


def holds(wanted: Any, seen: Any) -> bool:
    """Whether an answer is as declared."""
    return bool(wanted(seen)) if callable(wanted) else bool(wanted == seen)


def request(method: str, path: str, *, headers_shown: Sequence[str] = (), **how: Any) -> Ask:
    """Ask with one request; see `seen`."""
    return lambda server: ask(server, method, path, headers_shown=headers_shown, **how)


def ask(server: Server, method: str, path: str, *, headers_shown: Sequence[str] = (), **how: Any) -> Any:
    """Send one request; a server that does not answer in time is `hangs`, one that hangs up is `hangs up`."""
    fill = {key: _fresh(value) for key, value in how.items()}
    try:
        return seen(server.client.request(method, path, **fill), headers_shown)
    except httpx.TimeoutException:
        return "hangs"
    except httpx.TransportError:
        return "hangs up"


def seen(response: httpx.Response, headers_shown: Sequence[str] = ()) -> dict[str, Any]:
    """Give what a client sees: status, media type, body (JSON as such), and the headers asked for."""
    media_type = response.headers.get("content-type", "")
    return {
        "status": response.status_code,
        "type": media_type,
        "body": _body(response, media_type),
        **{name: response.headers.get(name) for name in headers_shown},
    }


def predict(model: str, *, headers_shown: Sequence[str] = (), **how: Any) -> Ask:
    """Ask for a prediction."""
    return request("POST", f"/v2/models/{model}/predict/", headers_shown=headers_shown, **how)


def status(code: int) -> Callable[[Any], bool]:
    """Expect a status."""
    return lambda answer: isinstance(answer, Mapping) and answer["status"] == code


def says(code: int, *words: str) -> Callable[[Any], bool]:
    """Expect a status and words in the body."""
    return lambda answer: status(code)(answer) and all(word in json.dumps(answer["body"]) for word in words)


def file(name: str, content: bytes = b"content", kind: str = "text/plain") -> Callable[[], tuple[str, bytes, str]]:
    """Make a file to upload."""
    return lambda: (name, content, kind)


def _fresh(value: Any) -> Any:
    if isinstance(value, list):
        return [_fresh(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_fresh(item) for item in value)
    if isinstance(value, dict):
        return {key: _fresh(item) for key, item in value.items()}
    return value() if callable(value) else value


def _body(response: httpx.Response, media_type: str) -> Any:
    if media_type.startswith("application/json"):
        return json.loads(response.content)
    try:
        return response.content.decode()
    except UnicodeDecodeError:
        return response.content.hex()
