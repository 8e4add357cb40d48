"""What is asked of marshmallow, whichever release of it the module's environment has."""

from __future__ import annotations

import importlib
import re
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple


def marshmallow() -> Any:
    """Import the module's own marshmallow."""
    return importlib.import_module("marshmallow")


def schema_of(fields: Any, name: str = "GeneratedSchema") -> Any:
    """Make a schema's instance from fields by name, a schema's class or an instance."""
    library = marshmallow()
    if not isinstance(fields, Mapping):
        return fields() if isinstance(fields, type) else fields
    if hasattr(library.Schema, "from_dict"):
        return library.Schema.from_dict(dict(fields), name=name)()
    # marshmallow 2: only a strict schema raises.
    return type(name, (library.Schema,), {**fields, "Meta": type("Meta", (), {"strict": True})})()


def load(schema: Any, values: Mapping[str, Any]) -> Dict[str, Any]:
    """Validate and convert values by wire name; gives them by keyword. Raises marshmallow's ValidationError."""
    loaded = schema.load(values)
    # marshmallow 2 gives a pair of data and errors.
    return dict(getattr(loaded, "data", loaded))


def wire_name(field: Any, name: str) -> str:
    """Give the name of a field in requests."""
    return getattr(field, "data_key", None) or getattr(field, "load_from", None) or name


def default_of(field: Any) -> Any:
    """Give a field's default; `absent(value)` tells that there is none."""
    return field.load_default if hasattr(field, "load_default") else field.missing


def set_default(field: Any, value: Any) -> None:
    """Change a field's default."""
    setattr(field, "load_default" if hasattr(field, "load_default") else "missing", value)


def absent(value: Any) -> bool:
    """Whether a value is marshmallow's mark for nothing at all."""
    return value is marshmallow().missing


def is_a(field: Any, *names: str) -> bool:
    """Whether a field derives from one of marshmallow's classes, given by name."""
    library = marshmallow().fields
    return isinstance(field, tuple(getattr(library, name) for name in names if hasattr(library, name)))


def is_delimited(field: Any) -> bool:
    """Whether a list field takes all its elements in one string (`DelimitedList` of webargs)."""
    return is_a(field, "List") and hasattr(field, "delimiter")


def is_many(field: Any) -> bool:
    """Whether a repeated key makes a list."""
    return is_a(field, "List") and not is_delimited(field)


def inner_of(field: Any) -> Any:
    """Give the field of a list's elements."""
    return getattr(field, "inner", None) or field.container


def is_file(field: Any) -> bool:
    """Whether a field takes a file, or several: it says so itself, or is looked for among files only."""
    told = [field.metadata, inner_of(field).metadata] if is_a(field, "List") else [field.metadata]
    return field.metadata.get("location") == "files" or any(each.get("type") == "file" for each in told)


def type_names(field: Any) -> Iterator[str]:
    """Give the names of marshmallow's own classes that a field derives from, nearest first."""
    for kind in type(field).__mro__:
        if kind.__module__.split(".")[0] in ("marshmallow", "webargs"):
            yield kind.__name__


def choices_of(field: Any) -> Optional[List[Any]]:
    """Give the values that the validators allow, None when they allow any."""
    allowed = [list(validator.choices) for validator in field.validators if hasattr(validator, "choices")]
    if not allowed:
        return None
    return [value for value in allowed[0] if all(value in others for others in allowed[1:])]


def bounds_of(field: Any, *, length: bool) -> Tuple[Any, Any, bool, bool]:
    """Give (least, most, least included, most included) of the validators of numbers, or of those of lengths."""
    found = [check for check in field.validators if hasattr(check, "min") and hasattr(check, "max")]
    found = [check for check in found if hasattr(check, "equal") == length]
    if not found:
        return None, None, True, True
    check = found[-1]
    if length and check.equal is not None:
        return check.equal, check.equal, True, True
    return check.min, check.max, getattr(check, "min_inclusive", True), getattr(check, "max_inclusive", True)


def pattern_of(field: Any) -> Optional[str]:
    """Give the regular expression of the validators."""
    found = [getattr(validator, "regex", None) for validator in field.validators]
    return next((regex.pattern for regex in found if isinstance(regex, re.Pattern)), None)
