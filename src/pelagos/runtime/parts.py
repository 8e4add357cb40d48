"""Find the parts of a small form with files, if it is written as browsers, curl and Python's clients write it.

Every other form is left to the parser of `multipart`, which this agrees with: a test compares them. It takes a third of
that parser's calls, and calls are what a request costs while predictions keep driving the server out of the caches.
The format: https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re
from typing import NamedTuple

_HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([^"\\%\r\n]{1,256})"(?:; filename="([^"\\%\r\n/]{0,256})")?'
    rb"(?:\r\nContent-Type: ([a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}))?\r\n\r\n"
)


class Part(NamedTuple):
    """One field, or one file."""

    name: str
    filename: str | None
    """None for a field."""
    content_type: str
    """Empty when it was not said."""
    data: bytes


def found(data: bytes, boundary: str, most: int) -> list[Part] | None:
    """Give all parts of a body, at most so many; None when the parser has to look at it."""
    delimiter = b"\r\n--" + boundary.encode()
    parts: list[Part] = []
    end, ends = 0, len(delimiter) - 2
    if not boundary or not data.startswith(delimiter[2:]):
        return None
    while data[ends : ends + 2] != b"--":
        head = _HEAD.match(data, ends)
        end = -1 if head is None else data.find(delimiter, head.end())
        part = _part(head, data[head.end() : end]) if head is not None and end >= 0 and len(parts) < most else None
        if part is None:
            return None
        parts.append(part)
        ends = end + len(delimiter)
    return parts


def _part(head: re.Match[bytes], data: bytes) -> Part | None:
    name, filename, kind = head.groups()
    if filename == b"." or (filename is None and kind is not None):  # Of a field it may name a charset.
        return None
    try:
        return Part(name.decode(), None if filename is None else filename.decode(), (kind or b"").decode(), data)
    except UnicodeDecodeError:
        return None
