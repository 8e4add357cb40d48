"""A card's source as text: what it says, and at which line and column it says it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from pelagos.catalog.faults import Fault, Severity

Keys = tuple[str | int, ...]
"""The way to a value: keys of mappings and places in lists."""
LARGEST_CHARS = 512 * 1024
"""Of one source. The largest real one is 4 KB; reading YAML takes seconds a megabyte."""
DEEPEST = 30


class Position(NamedTuple):
    """A place in a text, from 1."""

    line: int
    column: int


@dataclasses.dataclass(frozen=True)
class Document:
    """What one file says."""

    file: str
    value: Any
    positions: Mapping[Keys, Position] = dataclasses.field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    broken: bool = False
    """Whether it could not be read to its end: the value is what was understood until then."""

    def position(self, keys: Keys) -> Position:
        """Tell where a value stands, or the nearest thing around it that has a place."""
        while keys and keys not in self.positions:
            keys = keys[:-1]
        return self.positions.get(keys, Position(1, 1))

    def fault(self, keys: Keys, message: str, suggestion: str = "", severity: Severity = Severity.ERROR) -> Fault:
        """Make a fault of a value in this document."""
        line, column = self.position(keys)
        return Fault(self.file, message, suggestion, dotted(keys), line, column, severity)


def dotted(keys: Keys) -> str:
    """Write the way to a value as people do: `authors[0].orcid`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def sound(text: str) -> str:
    """Replace what is no text and no database takes: the NUL sign, and halves of signs."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def too_large(file: str, text: str) -> Document | None:
    """Refuse a source that nobody wrote by hand; None when it is small enough."""
    if len(text) <= LARGEST_CHARS:
        return None
    message = f"The file has {len(text)} characters, at most {LARGEST_CHARS} are read."
    return Document(file, {}, faults=(Fault(file, message, "Move long texts to README.md."),), broken=True)
