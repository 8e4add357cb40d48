"""Write what a module returned as JSON: NumPy values, enums, dates and paths included, NaN as null."""

from __future__ import annotations

import base64
import datetime
import enum
import json
import os
from typing import Any


def encode(value: Any) -> bytes:
    """Write `value` as JSON in UTF-8; NaN and infinity become null. TypeError names the type that cannot travel."""
    try:
        return _COMPACT.encode(value).encode()
    except ValueError:
        # NaN, or half a surrogate pair. Rare, so the walk through the whole value is paid only then.
        return _ESCAPED.encode(_finite(plain(value))).encode()


def plain(value: Any) -> Any:
    """Give `value` as it reads after a trip through JSON."""
    return json.loads(json.dumps(value, default=_plain))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and value - value != 0:
        return None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    # NumPy arrays and scalars, torch tensors, pandas series: known by their method, so none has to be imported.
    for method in ("tolist", "to_dict"):
        if hasattr(value, method):
            return getattr(value, method)()
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.date, datetime.datetime, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    raise TypeError(f"an answer cannot hold {type(value).__name__}")


_COMPACT = json.JSONEncoder(default=_plain, allow_nan=False, ensure_ascii=False)
_ESCAPED = json.JSONEncoder(default=_plain, allow_nan=False)
