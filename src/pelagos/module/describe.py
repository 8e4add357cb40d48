"""Turn a module into one plain JSON description: the single source of validation, forms, flags and OpenAPI.

A description is `{"format": 1, "kind": "native" | "deepaas" | "remote", "name", "summary", "version",
"metadata": {...}, "card": TOML text or null, "threads", "batch", "predict": METHOD or null, "train": METHOD or null}`.

A METHOD is `{"parameters": [PARAMETER ...], "stream": bool, "media_types": [...], "parse": "server" | "worker"}`. With
`"parse": "worker"` the worker parses the raw request with the module's own library.

A PARAMETER is `{"name" (on the wire), "keyword" (of the function), "required", "in" (null = query, form or JSON body;
else query, form, json, headers, cookies), "schema", "label", "unit", "advanced", "secret"}`. The schema is JSON Schema
with `nullable`; files are `format: binary`, folders `format: folder`, lists of files an array of `format: binary`.
"""

from __future__ import annotations

import collections.abc
import datetime
import enum
import inspect
import pathlib
import types
import typing
from typing import Any, Callable, Dict, List, Optional, Tuple, Type

from pelagos.module.arguments import Arg
from pelagos.module.files import File, Folder
from pelagos.module.interface import Module

FORMAT = 1

_PLAIN: Dict[Any, Dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    dict: {"type": "object"},
    list: {"type": "array"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    File: {"type": "string", "format": "binary"},
    Folder: {"type": "string", "format": "folder"},
    Any: {},
}
_UNIONS = (typing.Union, getattr(types, "UnionType", typing.Union))
_OFFERED_BY_PELAGOS = {"self", "run"}


def describe(module: Type[Module], *, name: str, metadata: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
    """Describe a native module's class; `metadata` are facts of its distribution (version, summary, author ...).

    Raises TypeError, naming method and parameter, when a signature cannot be described.
    """
    facts = dict(metadata or {})
    return {
        "format": FORMAT,
        "kind": "native",
        "name": name,
        "summary": inspect.cleandoc(module.__doc__ or facts.get("summary", "")).split("\n\n")[0].replace("\n", " "),
        "version": facts.get("version", ""),
        "metadata": facts,
        "card": card_text(module),
        "threads": module.threads,
        "batch": hasattr(module, "predict_batch"),
        "predict": _method(module, "predict"),
        "train": _method(module, "train"),
    }


def card_text(module: Type[Module]) -> Optional[str]:
    """Find the module's `module.toml`: in its package or up to three folders above it; a notebook has none."""
    try:
        package = pathlib.Path(inspect.getfile(module)).resolve().parent
    except (TypeError, OSError):
        return None
    for folder in [package, *list(package.parents)[:3]]:
        if (folder / "module.toml").is_file():
            return (folder / "module.toml").read_text(encoding="utf-8")
    return None


def _method(module: Type[Module], name: str) -> Optional[Dict[str, Any]]:
    function = getattr(module, name, None)
    if function is None:
        return None
    return {
        "parameters": _parameters(function, f"{module.__name__}.{name}"),
        "stream": inspect.isgeneratorfunction(function),
        "media_types": ["application/json"],
        "parse": "server",
    }


def _parameters(function: Callable[..., Any], where: str) -> List[Dict[str, Any]]:
    hints = typing.get_type_hints(function, **_extras())
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in _OFFERED_BY_PELAGOS:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise TypeError(f"{where}: '{parameter}' cannot be an argument; use named parameters")
        found.append(_parameter(parameter, hints.get(parameter.name, Any), where))
    return found


def _parameter(parameter: inspect.Parameter, annotation: Any, where: str) -> Dict[str, Any]:
    annotation, arg = _unpack(annotation)
    try:
        schema = schema_of(annotation)
    except TypeError as error:
        raise TypeError(f"{where}: parameter '{parameter.name}': {error}") from None
    schema.update(arg.keywords(of_list=schema.get("type") == "array"))
    if arg.help:
        schema["description"] = arg.help
    required = parameter.default is parameter.empty
    if not required:
        schema["default"] = _plain(parameter.default)
        if parameter.default is None:
            schema["nullable"] = True
    return {
        "name": parameter.name,
        "keyword": parameter.name,
        "required": required,
        "in": None,
        "schema": schema,
        "label": arg.label,
        "unit": arg.unit,
        "advanced": arg.advanced,
        "secret": arg.secret,
    }


def schema_of(annotation: Any) -> Dict[str, Any]:
    """Give the JSON Schema of a type; TypeError when it is not one that travels as an argument."""
    annotation, arg = _unpack(annotation)
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in _UNIONS:
        return _optional(inside)
    if origin is typing.Literal:
        return _choice(list(inside))
    if origin in (list, collections.abc.Sequence):
        return {"type": "array", "items": schema_of(inside[0]), **arg.keywords(of_list=True)}
    if origin is dict:
        return {"type": "object"}
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return _choice([member.value for member in annotation])
    if annotation not in _PLAIN:
        raise TypeError(f"the type {annotation!r} cannot be an argument")
    return {**_PLAIN[annotation], **arg.keywords(of_list=annotation is list)}


def _unpack(annotation: Any) -> Tuple[Any, Arg]:
    if hasattr(annotation, "__metadata__"):
        given = [item for item in annotation.__metadata__ if isinstance(item, Arg)]
        return annotation.__origin__, given[0] if given else Arg()
    return annotation, Arg()


def _optional(inside: Tuple[Any, ...]) -> Dict[str, Any]:
    real = [member for member in inside if member is not type(None)]
    nullable = {"nullable": True} if len(real) < len(inside) else {}
    if len(real) == 1:
        return {**schema_of(real[0]), **nullable}
    return {"anyOf": [schema_of(member) for member in real], **nullable}


def _choice(values: List[Any]) -> Dict[str, Any]:
    return {**_PLAIN.get(type(values[0]), {}), "enum": values}


def _plain(default: Any) -> Any:
    return default.value if isinstance(default, enum.Enum) else default


def _extras() -> Dict[str, Any]:
    return {"include_extras": True} if hasattr(typing, "Annotated") else {}
