"""Read a form, or the query of an address: `name=value` pairs between ampersands.

The server and its workers use the same, as either may have to. The form: https://url.spec.whatwg.org/#urlencoded-parsing
"""

from __future__ import annotations

import urllib.parse
from typing import List, Tuple

FIELDS_COUNT = 1000


def too_many(text: bytes) -> bool:
    """Whether there may be more than FIELDS_COUNT pairs."""
    return text.count(b"&") >= FIELDS_COUNT


def pairs(text: bytes) -> List[Tuple[str, str]]:
    """Give (name, value) in their order; a name alone has an empty value. Finds what `urllib.parse.parse_qsl` does."""
    cut = [part.partition("=") for part in text.decode("utf-8", "replace").split("&") if part]
    if b"%" not in text and b"+" not in text:
        return [(name, value) for name, _, value in cut]
    return [(urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)) for name, _, value in cut]
