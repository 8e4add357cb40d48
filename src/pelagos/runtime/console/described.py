"""Answer questions about a method's arguments from its description alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Parameters = Sequence[Mapping[str, Any]]


def parameters(description: Mapping[str, Any] | None, method: str) -> Parameters:
    """Give the parameters of a method; none when the module is unknown or lacks it."""
    found = (description or {}).get(method)
    return found["parameters"] if found else ()


def defaults(parameters: Parameters) -> dict[str, Any]:
    """Give the defaults, by keyword."""
    return {one["keyword"]: one["schema"]["default"] for one in parameters if "default" in one["schema"]}


def order(parameters: Parameters) -> list[str]:
    """Give the keywords in their author's order."""
    return [one["keyword"] for one in parameters]


def hidden(parameters: Parameters, arguments: Mapping[str, Any]) -> frozenset[str]:
    """Give the keywords of a run's arguments whose values are never shown.

    Of a module that is gone nobody knows which of them are secret: then it is all but numbers and switches.
    """
    if parameters:
        return frozenset(one["keyword"] for one in parameters if one["secret"])
    return frozenset(name for name, value in arguments.items() if not isinstance(value, int | float | None))


def chosen(parameters: Parameters, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arguments that differ from their defaults, secrets left out."""
    usual, veiled = defaults(parameters), hidden(parameters, arguments)
    different = {name: value for name, value in arguments.items() if usual.get(name, ...) != value}
    return {name: value for name, value in different.items() if name not in veiled}


def by_name(parameters: Parameters, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Give a run's arguments by their names on the wire, as a form has them."""
    names = {one["keyword"]: one["name"] for one in parameters}
    return {names[keyword]: value for keyword, value in arguments.items() if keyword in names}
