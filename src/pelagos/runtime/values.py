"""Turn one value, a string or plain JSON, into what its schema asks for; a fault says what was expected.

Strings come from queries, forms and command lines. Clients of DEEPaaS send JSON-encoded strings (`"0.001"`,
`"[0.7, 0.9]"`, `"null"`), so a string is read as JSON where its plain reading does not fit.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.runtime import calls, wording

Schema = Mapping[str, Any]

_NULLS = frozenset({"null", ""})
_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})


class Fault(Exception):
    """What is wrong with a value, in words for the user; `at` is its place in a list."""

    def __init__(self, message: str, *, at: Sequence[int] = ()) -> None:
        super().__init__(message)
        self.at = tuple(at)


class Faults(Fault):
    """Several elements of a list are wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"element {fault.at[0]}: {fault}" for fault in faults))
        self.faults = tuple(faults)


def convert(value: Any, schema: Schema) -> Any:
    """Give `value` as the type of `schema`, within its bounds. Raises Fault."""
    lone = _lone(value, schema)
    if lone is None or (isinstance(lone, str) and lone in _NULLS and _reads_as_null(lone, schema)):
        return _null(schema)
    if "anyOf" in schema:
        return _any(value, schema)
    converter = _CONVERTERS.get(wording.kind(schema))
    converted = value if converter is None else converter(value, schema)
    if "enum" in schema:
        return _choice(converted, schema)
    _check_bounds(converted, schema)
    return converted


def _lone(value: Any, schema: Schema) -> Any:
    """Give the one string that stands for a whole list; anything else as it is."""
    single = schema.get("type") == "array" and isinstance(value, list) and len(value) == 1
    return value[0] if single and isinstance(value[0], str) else value


def _reads_as_null(value: str, schema: Schema) -> bool:
    if not schema.get("nullable") or value in schema.get("enum", ()):
        return False
    return value == "null" or schema.get("type") != "string" or "format" in schema


def _null(schema: Schema) -> None:
    if not schema.get("nullable"):
        raise Fault(f"must not be null; expected {wording.expected(schema)}")


def _any(value: Any, schema: Schema) -> Any:
    for member in schema["anyOf"]:
        try:
            return convert(value, member)
        except Fault:
            continue
    raise Fault(f"{wording.shown(value)} is not {wording.expected(schema)}")


def _wrong(value: Any, schema: Schema) -> Fault:
    return Fault(f"{wording.shown(value)} is not {wording.expected(schema)}")


def _integer(value: Any, schema: Schema) -> int:
    if isinstance(value, str):
        value = _json_or(value.strip(), value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _wrong(value, schema)
    return value


def _number(value: Any, schema: Schema) -> float:
    if isinstance(value, str):
        try:
            value = float(_unquoted(value))
        except ValueError:
            raise _wrong(value, schema) from None
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(value, schema)
    if not abs(value) <= 1.7976931348623157e308:
        raise Fault(f"{wording.shown(value)} is not a finite number")
    return value


def _boolean(value: Any, schema: Schema) -> bool:
    if isinstance(value, bool):
        return value
    word = _unquoted(str(value)).strip().lower()
    if not isinstance(value, (str, int)) or (word not in _TRUE and word not in _FALSE):
        raise _wrong(value, schema)
    return word in _TRUE


def _string(value: Any, schema: Schema) -> str:
    if not isinstance(value, str):
        raise _wrong(value, schema)
    return value


def _object(value: Any, schema: Schema) -> dict[str, Any]:
    if isinstance(value, str):
        value = _json_or(value, value)
    if not isinstance(value, dict):
        raise _wrong(value, schema)
    return value


def _array(value: Any, schema: Schema) -> list[Any]:
    values = _elements(value, schema)
    items, faults, found = schema.get("items", {}), [], []
    for position, item in enumerate(values):
        try:
            found.append(convert(item, items))
        except Fault as fault:
            faults.append(Fault(str(fault), at=(position, *fault.at)))
    if faults:
        raise Faults(faults)
    return found


def _elements(value: Any, schema: Schema) -> list[Any]:
    # A key that is given once may hold the whole list as JSON.
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        inside = _json_or(value[0], None) if value[0].lstrip().startswith("[") else None
        if isinstance(inside, list) and schema.get("items", {}).get("type") != "array":
            return inside
    if isinstance(value, str):
        value = _json_or(value, value)
    if not isinstance(value, list):
        raise _wrong(value, schema)
    return value


def _file(value: Any, schema: Schema) -> calls.Upload:
    if not isinstance(value, calls.Upload):
        raise Fault(f"{wording.shown(value)} is not {wording.expected(schema)}")
    if value.size == 0:
        raise Fault(f"the file {value.name!r} is empty; expected at least one byte")
    return value


def _folder(value: Any, schema: Schema) -> str:
    if not isinstance(value, str) or not value:
        raise _wrong(value, schema)
    if "\0" in value or not Path(value).is_dir():
        raise Fault(f"{wording.shown(value)} is not a folder on the machine that runs Pelagos")
    return value


def _date(value: Any, schema: Schema) -> str:
    return _dated(value, schema, datetime.date.fromisoformat)


def _date_time(value: Any, schema: Schema) -> str:
    return _dated(value, schema, datetime.datetime.fromisoformat)


def _dated(value: Any, schema: Schema, read: Callable[[str], datetime.date]) -> str:
    if not isinstance(value, str):
        raise _wrong(value, schema)
    try:
        # Written again in the one form that every Python reads.
        return read(_unquoted(value)).isoformat()
    except ValueError:
        raise _wrong(value, schema) from None


_CONVERTERS: Mapping[str, Callable[[Any, Schema], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "object": _object,
    "array": _array,
    "binary": _file,
    "folder": _folder,
    "date": _date,
    "date-time": _date_time,
}


def _choice(value: Any, schema: Schema) -> Any:
    for choice in (value, _json_or(value, None) if isinstance(value, str) else None):
        if choice in schema["enum"] and not (isinstance(choice, bool) and True not in schema["enum"]):
            return choice
    raise Fault(f"{wording.shown(value)} is not one of {wording.listed(schema['enum'])}")


def _check_bounds(value: Any, schema: Schema) -> None:
    for keyword, bound in schema.items():
        holds = _BOUNDS.get(keyword)
        if holds is not None and not holds(value, bound):
            raise Fault(f"{_measured(value, keyword)} is out of bounds; expected {wording.expected(schema)}")


def _measured(value: Any, keyword: str) -> str:
    if keyword in ("minLength", "maxLength", "minItems", "maxItems"):
        return f"a length of {len(value)}"
    return wording.shown(value)


_BOUNDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "minimum": lambda value, bound: bool(value >= bound),
    "exclusiveMinimum": lambda value, bound: bool(value > bound),
    "maximum": lambda value, bound: bool(value <= bound),
    "exclusiveMaximum": lambda value, bound: bool(value < bound),
    "minLength": lambda value, bound: len(value) >= bound,
    "maxLength": lambda value, bound: len(value) <= bound,
    "minItems": lambda value, bound: len(value) >= bound,
    "maxItems": lambda value, bound: len(value) <= bound,
    "pattern": lambda value, pattern: re.search(pattern, value) is not None,
}


def _json_or(text: Any, otherwise: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return otherwise


def _unquoted(text: str) -> str:
    stripped = text.strip()
    return stripped[1:-1] if len(stripped) > 1 and stripped[0] == stripped[-1] == '"' else stripped
