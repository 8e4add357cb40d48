"""Read JSON as people write it: every fault gets its place, and what can be understood is.

The standard library's parser stops at the first fault and knows no places. This one goes on after a comma too many or
too few, a comment, a line break or a tab inside a string, a key that comes twice.
"""

from __future__ import annotations

import bisect
import json
import math
import re
from typing import Any

from pelagos.catalog import documents, faults

_SPACE = re.compile(r"(?:\s|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_WORD = re.compile(r"[A-Za-z_]+")
_CONSTANTS = {"true": True, "false": False, "null": None}
_MEANT = {"True": True, "False": False, "None": None}
_STRICT = json.JSONDecoder()
_TOLERANT = json.JSONDecoder(strict=False)


def read(file: str, text: str) -> documents.Document:
    """Read a JSON text. Never raises for what is in it: see the document's faults; its value is what was understood."""
    return documents.too_large(file, text) or _Parser(file, text.removeprefix("\ufeff")).document()


class _Lost(Exception):
    """The parser does not know where it is any more."""


class _Parser:
    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text
        self._at = 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._positions: dict[documents.Keys, documents.Position] = {}
        self._faults: list[faults.Fault] = []

    def document(self) -> documents.Document:
        root: dict[str, Any] = {}
        value: Any = root
        broken = False
        try:
            self._space()
            if self._next() == "{":
                self._mapping((), root)
            else:
                value = self._value(())
            self._space()
            if self._at < len(self._text):
                self._say("Nothing may follow the end of the document.", "Remove what follows.")
        except _Lost:
            broken = True  # What was read before stands.
        return documents.Document(self._file, value, self._positions, tuple(self._faults), broken)

    def _value(self, keys: documents.Keys) -> Any:
        self._positions.setdefault(keys, self._position())
        begins = self._next()
        if len(keys) > documents.DEEPEST:
            return self._lose(f"Nested deeper than {documents.DEEPEST} levels.", "Write it flatter.")
        if begins == "{":
            return self._mapping(keys, {})
        if begins == "[":
            return self._list(keys)
        if begins == '"':
            return self._string()
        return self._plain()

    def _mapping(self, keys: documents.Keys, found: dict[str, Any]) -> dict[str, Any]:
        self._at += 1
        while self._another("}", bool(found)):
            if self._next() != '"':
                self._lose("A key in double quotes was expected.", self._quoting())
            at = self._position()
            key = self._string()
            if key in found:
                self._say(f"The key “{key}” comes twice; the last one counts.", "Remove one.", keys=(*keys, key), at=at)
            self._positions[*keys, key] = at
            self._space()
            if self._next() != ":":
                self._lose(f"A colon was expected after “{key}”.", f'Write "{key}": value.')
            self._at += 1
            self._space()
            found[key] = None
            found[key] = self._value((*keys, key))
        return found

    def _list(self, keys: documents.Keys) -> list[Any]:
        self._at += 1
        found: list[Any] = []
        while self._another("]", bool(found)):
            found.append(self._value((*keys, len(found))))
        return found

    def _another(self, end: str, some: bool) -> bool:
        """Go to the next member, past the comma; False at the end."""
        self._space()
        comma = self._at if self._next() == "," else None
        if comma is not None:
            self._at += 1
            self._space()
        if self._next() == end:
            if comma is not None:
                self._say(f"A comma stands before the closing {end}.", "Remove the comma.", offset=comma)
            self._at += 1
            return False
        if not self._next():
            self._lose(f"The file ends before the closing {end}.", f"Add {end}.")
        if some and comma is None:
            self._say("A comma is missing between two values.", "Add a comma before this.")
        return True

    def _string(self) -> str:
        begin = self._at
        try:
            value, self._at = _STRICT.raw_decode(self._text, begin)
        except json.JSONDecodeError as error:
            return self._broken_string(begin, error)
        return documents.sound(str(value))

    def _broken_string(self, begin: int, error: json.JSONDecodeError) -> str:
        try:
            value, self._at = _TOLERANT.raw_decode(self._text, begin)
        except json.JSONDecodeError:
            self._lose(f"{error.msg}.", 'Close the string with ", write a backslash as \\\\.', offset=error.pos)
        self._say("A line break or tab stands inside a string.", "Write \\n or \\t.", offset=error.pos)
        return documents.sound(str(value))

    def _plain(self) -> Any:
        number = _NUMBER.match(self._text, self._at)
        if number:
            self._at = number.end()
            return _number(number[0])
        word = _WORD.match(self._text, self._at)
        name = word[0] if word else ""
        if name in _MEANT:
            self._say(f"{name} is Python's word.", f"Write {json.dumps(_MEANT[name])}.")
        elif name not in _CONSTANTS:
            return self._lose("A value was expected.", self._quoting())
        self._at += len(name)
        return (_CONSTANTS | _MEANT)[name]

    def _quoting(self) -> str:
        return "Write ' as \"." if self._next() == "'" else "Put text into double quotes."

    def _space(self) -> None:
        begin = self._at
        self._at = found.end() if (found := _SPACE.match(self._text, begin)) else begin
        if "/" in self._text[begin : self._at]:
            self._say("JSON knows no comments.", "Remove the comment.", offset=self._text.index("/", begin))

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _position(self, offset: int | None = None) -> documents.Position:
        at = self._at if offset is None else offset
        line = bisect.bisect_right(self._lines, at)
        return documents.Position(line, at - self._lines[line - 1] + 1)

    def _say(
        self,
        message: str,
        suggestion: str,
        *,
        offset: int | None = None,
        keys: documents.Keys = (),
        at: documents.Position | None = None,
    ) -> None:
        line, column = at or self._position(offset)
        self._faults.append(faults.Fault(self._file, message, suggestion, documents.dotted(keys), line, column))

    def _lose(self, message: str, suggestion: str, *, offset: int | None = None) -> Any:
        self._say(message, suggestion, offset=offset)
        raise _Lost


def _number(text: str) -> int | float | str:
    """Read a number; one that is too large for a computer stays the text it is."""
    try:
        value: int | float = json.loads(text)
    except ValueError:
        return text
    return value if math.isfinite(value) else text
