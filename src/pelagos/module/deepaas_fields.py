"""Turn the fields of a DEEPaaS module into parameters of our description; see `describe`."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping

from pelagos.module import answers, deepaas_library

_PLACES = {"querystring": "query", "files": "form"}
_TYPES: Mapping[str, Mapping[str, Any]] = {
    "Integer": {"type": "integer"},
    "Float": {"type": "number"},
    "Decimal": {"type": "number"},
    "Number": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "UUID": {"type": "string", "format": "uuid"},
    "AwareDateTime": {"type": "string", "format": "date-time"},
    "DateTime": {"type": "string", "format": "date-time"},
    "NaiveDateTime": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
    "Email": {"type": "string", "format": "email"},
    "Url": {"type": "string", "format": "uri"},
    "String": {"type": "string"},
    "Time": {"type": "string"},
    "DelimitedList": {"type": "string"},
    "Dict": {"type": "object"},
    "Mapping": {"type": "object"},
}
_FILE = {"type": "string", "format": "binary"}


def parameters(fields: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """Describe fields by name; what cannot be described takes any value, and the worker judges it."""
    return [_parameter(name, field) for name, field in fields.items() if not field.dump_only]


def place_of(field: Any) -> Any:
    """Tell where a field is looked for; None is query, form and JSON body, in this order."""
    location = field.metadata.get("location")
    return _PLACES.get(location, location)


def _parameter(name: str, field: Any) -> Dict[str, Any]:
    schema = schema_of(field)
    if field.metadata.get("description"):
        schema["description"] = str(field.metadata["description"])
    default = deepaas_library.default_of(field)
    if not field.required and not deepaas_library.absent(default) and not callable(default):
        schema["default"] = plain_default(field, default)
    return {
        "name": deepaas_library.wire_name(field, name),
        "keyword": field.attribute or name,
        "required": bool(field.required),
        "in": place_of(field),
        "schema": schema,
        "label": "",
        "unit": "",
        "advanced": False,
        "secret": field.metadata.get("format") == "password",
    }


def schema_of(field: Any) -> Dict[str, Any]:
    """Give the JSON Schema of a field."""
    schema = _shape(field)
    choices = deepaas_library.choices_of(field) or field.metadata.get("enum")
    if choices:
        schema["enum"] = answers.plain(list(choices))
    if field.allow_none:
        schema["nullable"] = True
    schema.update(_bounds(field))
    return schema


def plain_default(field: Any, default: Any) -> Any:
    """Write a default as JSON, in the field's own way where it has one."""
    try:
        return answers.plain(field._serialize(default, None, None))
    except Exception:  # A field's own code may not be made for writing.
        return str(default)


def _shape(field: Any) -> Dict[str, Any]:
    if deepaas_library.is_file(field):
        return {"type": "array", "items": dict(_FILE)} if deepaas_library.is_many(field) else dict(_FILE)
    if deepaas_library.is_many(field):
        return {"type": "array", "items": schema_of(deepaas_library.inner_of(field))}
    if deepaas_library.is_a(field, "Nested"):
        return _nested(field)
    return dict(next((_TYPES[name] for name in deepaas_library.type_names(field) if name in _TYPES), {}))


def _nested(field: Any) -> Dict[str, Any]:
    inside = field.schema.fields
    names = {name: deepaas_library.wire_name(inner, name) for name, inner in inside.items()}
    schema: Dict[str, Any] = {
        "type": "object",
        "properties": {names[name]: schema_of(inner) for name, inner in inside.items()},
    }
    required = [names[name] for name, inner in inside.items() if inner.required]
    if required:
        schema["required"] = required
    return {"type": "array", "items": schema} if field.many else schema


def _bounds(field: Any) -> Dict[str, Any]:
    least, most, least_in, most_in = deepaas_library.bounds_of(field, length=False)
    short, long, _, _ = deepaas_library.bounds_of(field, length=True)
    of_list = deepaas_library.is_many(field)
    named = {
        "minimum" if least_in else "exclusiveMinimum": least,
        "maximum" if most_in else "exclusiveMaximum": most,
        "minItems" if of_list else "minLength": short,
        "maxItems" if of_list else "maxLength": long,
        "pattern": deepaas_library.pattern_of(field),
    }
    return {keyword: value for keyword, value in named.items() if value is not None}
