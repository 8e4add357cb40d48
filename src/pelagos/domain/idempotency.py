"""The key with which a request may be sent any number of times and is one: the header `Idempotency-Key`."""

from __future__ import annotations

LONGEST = 200
"""Characters that a key may have."""


def faults(key: str | None) -> dict[str, list[str]]:
    """Tell what is wrong with a key, by field; nothing when it is fine or there is none."""
    if key is None or len(key) <= LONGEST:
        return {}
    return {"key": [f"has {len(key)} characters; {LONGEST} are the most"]}
