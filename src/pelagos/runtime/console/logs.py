"""Make a piece of a log fit for a page: whole characters, no terminal codes, the last state of a progress bar."""

from __future__ import annotations

import re

TAIL_BYTES = 32_768
TAIL_LINES = 200
LINE_CHARACTERS = 2000

# https://ecma-international.org/publications-and-standards/standards/ecma-48/
_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_INVISIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def plain(text: str) -> str:
    """Take out terminal codes and what cannot be seen; carriage returns stay."""
    return _INVISIBLE.sub("", _CODES.sub("", text))


def clean(text: str) -> str:
    """Take out terminal codes; keep the last state of a line that was drawn over; cut huge lines."""
    return "\n".join(_line(line) for line in plain(text).split("\n"))


def whole(piece: bytes) -> bytes:
    """Cut a piece of UTF-8 so that it ends with a whole line, or a whole character when it has no line end."""
    end = piece.rfind(b"\n")
    if end >= 0:
        return piece[: end + 1]
    for back in range(1, min(4, len(piece)) + 1):
        if piece[-back] & 0xC0 == 0xC0:
            return piece if _length(piece[-back]) <= back else piece[:-back]
    return piece


def tail(piece: bytes, *, first: bool, lines: int = TAIL_LINES) -> list[str]:
    """Give the last lines of a piece; unless it is the log's beginning its first, cut line is dropped."""
    text = piece if first else piece.partition(b"\n")[2]
    cleaned = clean(text.decode("utf-8", "replace")).split("\n")
    return (cleaned[:-1] if cleaned[-1] == "" else cleaned)[-lines:]


def _line(line: str) -> str:
    last = line.rstrip("\r").rpartition("\r")[2]
    return last if len(last) <= LINE_CHARACTERS else last[:LINE_CHARACTERS] + " …"


def _length(lead: int) -> int:
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
