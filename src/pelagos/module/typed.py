"""Give arguments the types that their function's signature names: JSON knows no dates, enumerations or folders."""

from __future__ import annotations

import datetime
import enum
import functools
import typing
from typing import Any, Callable, Dict, List, Mapping, Optional

from pelagos.module.files import Folder

Maker = Callable[[Any], Any]


def makers(function: Callable[..., Any]) -> Dict[str, Maker]:
    """List, by parameter, how to make its value from JSON; only parameters that need it."""
    hints = typing.get_type_hints(function)
    found = {name: _maker(hint) for name, hint in hints.items() if name != "return"}
    return {name: maker for name, maker in found.items() if maker is not None}


def make(arguments: Dict[str, Any], by_name: Mapping[str, Maker]) -> Dict[str, Any]:
    """Replace the values that need it, in place; None and values of the right type stay."""
    for name, maker in by_name.items():
        if arguments.get(name) is not None:
            arguments[name] = maker(arguments[name])
    return arguments


def _maker(hint: Any) -> Optional[Maker]:
    if typing.get_origin(hint) is typing.Union or type(hint).__name__ == "UnionType":
        makers = [_maker(member) for member in typing.get_args(hint) if member is not type(None)]
        return makers[0] if len(makers) == 1 else None
    if typing.get_origin(hint) is list:
        inner = _maker(typing.get_args(hint)[0])
        return None if inner is None else functools.partial(_each, inner)
    return _plain_maker(hint) if isinstance(hint, type) else None


def _plain_maker(hint: type) -> Optional[Maker]:
    if issubclass(hint, enum.Enum):
        return hint
    if issubclass(hint, Folder):
        return lambda value: value if isinstance(value, Folder) else Folder(value)
    if issubclass(hint, datetime.datetime):
        return lambda value: datetime.datetime.fromisoformat(value) if isinstance(value, str) else value
    if issubclass(hint, datetime.date):
        return lambda value: datetime.date.fromisoformat(value) if isinstance(value, str) else value
    return None


def _each(maker: Maker, values: List[Any]) -> List[Any]:
    return [maker(value) for value in values]
