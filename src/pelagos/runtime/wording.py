"""Say in words what a schema accepts and what a value is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]

_NAMES = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a string",
    "object": "a JSON object",
    "array": "a list",
    "binary": "a file (send it as multipart/form-data with a file name)",
    "folder": "the path of a folder",
    "date": "a date such as 2026-01-31",
    "date-time": "a date and time such as 2026-01-31T12:00:00",
}

_BOUND_WORDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "more than {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} long",
    "maxLength": "at most {} long",
    "minItems": "at least {} long",
    "maxItems": "at most {} long",
    "pattern": "matching {!r}",
}


def expected(schema: Schema) -> str:
    """Say in words what a schema accepts."""
    if "anyOf" in schema:
        return " or ".join(expected(member) for member in schema["anyOf"])
    if "enum" in schema:
        return f"one of {listed(schema['enum'])}"
    name = _NAMES.get(kind(schema), "a value")
    if schema.get("type") == "array" and schema.get("items"):
        name = f"a list, each element {expected(schema['items'])}"
    bounds = [words.format(schema[keyword]) for keyword, words in _BOUND_WORDS.items() if keyword in schema]
    return " ".join([name, " and ".join(bounds)]).strip() + (" or null" if schema.get("nullable") else "")


def shown(value: Any) -> str:
    """Write a value for a message, shortened."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def listed(choices: Sequence[Any]) -> str:
    """Write choices for a message, shortened."""
    words = [repr(choice) for choice in choices[:20]]
    return ", ".join(words) + (f" and {len(choices) - 20} more" if len(choices) > 20 else "")


def kind(schema: Schema) -> str:
    """Name what a schema is about: its format where that says more than its type."""
    return str(schema["format"] if schema.get("format") in _NAMES else schema.get("type", ""))
