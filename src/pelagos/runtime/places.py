"""Put arguments where a module that parses its requests itself looks for them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_PLACES: Mapping[str, str] = {
    "query": "query",
    "querystring": "query",
    "json": "json",
    "headers": "headers",
    "cookies": "cookies",
}


def place(parameter: Mapping[str, Any]) -> str:
    """Tell where a parameter goes: query, form, json, headers or cookies; to the form when it is pinned nowhere."""
    return _PLACES.get(parameter["in"] or "", "form")


def request(parameters: Sequence[Mapping[str, Any]], pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Write arguments, by wire name, as a request; files are `calls.Upload`. A repeated name has several values."""
    places = {parameter["name"]: place(parameter) for parameter in parameters}
    found: dict[str, Any] = {"query": [], "form": [], "headers": {}, "cookies": {}}
    body: dict[str, list[Any]] = {}
    for name, value in pairs:
        where = places.get(name, "form")
        if where in ("query", "form"):
            found[where].append([name, value])
        elif where == "json":
            body.setdefault(name, []).append(_json_or_text(value))
        else:
            found[where].setdefault(name.lower() if where == "headers" else name, value)
    found["json"] = {name: values if len(values) > 1 else values[0] for name, values in body.items()} or None
    return found


def by_name(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    """Gather the values of each name."""
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _json_or_text(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return text
