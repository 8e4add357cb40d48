"""Read TOML with the places of its keys. The standard library's reader knows no places, so they are looked up."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pelagos.catalog import documents, faults

_TABLE = re.compile(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


def read(file: str, text: str) -> documents.Document:
    """Read a TOML text. Never raises for what is in it: see the document's faults."""
    refused = documents.too_large(file, text)
    if refused:
        return refused
    try:
        value = _plain(tomllib.loads(text, parse_float=_number))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return documents.Document(file, {}, faults=(_broken(file, text, str(error)),), broken=True)
    return documents.Document(file, value, dict(_positions(text)))


def _number(text: str) -> float | str:
    return value if math.isfinite(value := float(text)) else text


def _plain(value: Any) -> Any:
    """Give what JSON knows too: moments become texts."""
    if isinstance(value, dict):
        return {documents.sound(key): _plain(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_plain(member) for member in value]
    if isinstance(value, str):
        return documents.sound(value)
    return value if isinstance(value, int | float) else value.isoformat()


def _positions(text: str) -> Iterator[tuple[documents.Keys, documents.Position]]:
    table: documents.Keys = ()
    counts: dict[documents.Keys, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _TABLE.match(line):
            table = _within(_split(header[2]), counts, whole=header[1] == "[")
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            yield table, documents.Position(number, header.start(1) + 1)
        elif key := _KEY.match(line):
            yield (*table, *_split(key[1])), documents.Position(number, key.start(1) + 1)


def _within(table: documents.Keys, counts: Mapping[documents.Keys, int], *, whole: bool) -> documents.Keys:
    """Name the member of a list of tables that a table belongs to: always the last one begun."""
    found: documents.Keys = ()
    for place, key in enumerate(table):
        found = (*found, key)
        if found in counts and (whole or place < len(table) - 1):
            found = (*found, counts[found])
    return found


def _split(dotted: str) -> documents.Keys:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _broken(file: str, text: str, said: str) -> faults.Fault:
    found = _PLACE.search(said)
    line, column = (int(found[1]), int(found[2])) if found else (len(text.splitlines()) or 1, 1)
    message = f"This is not TOML: {_PLACE.sub('', said).strip()}."
    return faults.Fault(file, message, 'Write key = "text"; a table begins with [name].', "", line, column)
