"""Write the parameters of a DEEPaaS module in Swagger 2.0, word for word as DEEPaaS does.

Clients are generated from it, so this is a frozen form: it follows DEEPaaS 2.6.0 also where the result is odd.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Tuple

from pelagos.module import deepaas_accept, deepaas_fields, deepaas_library

_IN = {
    "query": "query",
    "querystring": "query",
    "json": "body",
    "headers": "header",
    "cookies": "cookie",
    "form": "formData",
    "files": "formData",
}
_TYPES: Mapping[str, Tuple[Optional[str], Optional[str]]] = {
    "Integer": ("integer", "int32"),
    "Number": ("number", None),
    "Float": ("number", "float"),
    "Decimal": ("number", None),
    "String": ("string", None),
    "Boolean": ("boolean", None),
    "UUID": ("string", "uuid"),
    "DateTime": ("string", "date-time"),
    "Date": ("string", "date"),
    "Time": ("string", None),
    "Email": ("string", "email"),
    "Url": ("string", "url"),
    "Dict": ("object", None),
    "List": ("array", None),
    "Field": (None, None),
}
# The words of a schema in OpenAPI; whatever else the metadata of a field holds is not told.
_WORDS = frozenset(
    """
    format title description default multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength
    minLength pattern maxItems minItems uniqueItems maxProperties minProperties required enum type items allOf
    properties additionalProperties readOnly xml externalDocs example
    """.split()  # noqa: SIM905 - five lines instead of thirty
)


class Swagger:
    """Collects the definitions that the parameters refer to."""

    def __init__(self) -> None:
        self.definitions: Dict[str, Any] = {}

    def method(self, fields: Mapping[str, Any]) -> Dict[str, Any]:
        """Give `parameters` and `produces` of one function."""
        prepared = deepaas_accept.prepare(fields)
        accept = prepared.get(deepaas_accept.NAME)
        offered = [] if accept is None else deepaas_library.choices_of(accept) or []
        return {"parameters": self._parameters(prepared), "produces": offered or [deepaas_accept.JSON]}

    def response(self, schema: Any) -> str:
        """Define the answer and give its name: that of the schema's class."""
        return self._define(schema)

    def _parameters(self, fields: Mapping[str, Any]) -> List[Dict[str, Any]]:
        found: List[Dict[str, Any]] = []
        body: Optional[Dict[str, Any]] = None
        for name, field in fields.items():
            if field.dump_only:
                continue
            parameter = self._parameter(deepaas_library.wire_name(field, name), field)
            if parameter["in"] == "body" and body is not None:
                _merge(body["schema"], parameter["schema"])
                continue
            body = parameter if parameter["in"] == "body" else body
            found.append(parameter)
        return found

    def _parameter(self, name: str, field: Any) -> Dict[str, Any]:
        place = _IN.get(field.metadata.get("location") or "query", "query")
        told = self._property(field)
        if place == "body":
            schema: Dict[str, Any] = {"type": "object", "properties": {name: told}}
            if field.required:
                schema["required"] = [name]
            return {"in": place, "name": "body", "required": False, "schema": schema}
        parameter: Dict[str, Any] = {"in": place, "name": name, "required": bool(field.required)}
        if deepaas_library.is_a(field, "List"):
            parameter["collectionFormat"] = "multi"
        return {**parameter, **told}

    def _property(self, field: Any) -> Dict[str, Any]:
        told: Dict[str, Any] = {}
        names = deepaas_library.type_names(field)
        kind, form = next((_TYPES[name] for name in names if name in _TYPES), ("string", None))
        told.update({key: value for key, value in (("type", kind), ("format", form)) if value})
        told.update(_default(field))
        choices = deepaas_library.choices_of(field)
        if choices:
            told["enum"] = choices
        if field.allow_none:
            told["x-nullable"] = True
        told.update(_bounds(field))
        told.update(_metadata(field))
        told.update(self._inside(field, told))
        if field.metadata.get("location") == "files":
            told.get("items", told)["type"] = "file"
        return told

    def _inside(self, field: Any, told: Mapping[str, Any]) -> Dict[str, Any]:
        if deepaas_library.is_a(field, "Nested"):
            reference = self._nested(field)
            return {"allOf": [reference]} if told and "$ref" in reference else reference
        if deepaas_library.is_a(field, "List"):
            return {"items": self._property(deepaas_library.inner_of(field))}
        values = getattr(field, "value_field", None)
        return {} if values is None else {"additionalProperties": self._property(values)}

    def _nested(self, field: Any) -> Dict[str, Any]:
        reference = {"$ref": f"#/definitions/{self._define(field.schema)}"}
        return {"type": "array", "items": reference} if field.many else reference

    def _define(self, schema: Any) -> str:
        name = type(schema).__name__
        name = (name[: -len("Schema")] or name) if name.endswith("Schema") else name
        if name not in self.definitions:
            self.definitions[name] = {}  # It may refer to itself.
            self.definitions[name].update(self._object(schema.fields))
        return name

    def _object(self, fields: Mapping[str, Any]) -> Dict[str, Any]:
        names = {name: deepaas_library.wire_name(field, name) for name, field in fields.items()}
        told: Dict[str, Any] = {
            "type": "object",
            "properties": {names[name]: self._property(field) for name, field in fields.items()},
        }
        required = sorted(names[name] for name, field in fields.items() if field.required)
        if required:
            told["required"] = required
        return told


def _merge(into: Dict[str, Any], schema: Mapping[str, Any]) -> None:
    into["properties"].update(schema["properties"])
    if "required" in schema:
        into["required"] = [*into.get("required", ()), *schema["required"]]


def _default(field: Any) -> Dict[str, Any]:
    if "doc_default" in field.metadata:
        return {"default": field.metadata["doc_default"]}
    default = deepaas_library.default_of(field)
    if deepaas_library.absent(default) or callable(default):
        return {}
    return {"default": deepaas_fields.plain_default(field, default)}


def _bounds(field: Any) -> Dict[str, Any]:
    least, most, _, _ = deepaas_library.bounds_of(field, length=False)
    short, long, _, _ = deepaas_library.bounds_of(field, length=True)
    items = "Items" if deepaas_library.is_a(field, "List", "Nested") else "Length"
    named = {
        "minimum": least,
        "maximum": most,
        f"min{items}": short,
        f"max{items}": long,
        "pattern": deepaas_library.pattern_of(field),
    }
    return {word: value for word, value in named.items() if value is not None}


def _metadata(field: Any) -> Dict[str, Any]:
    words = {str(key): value for key, value in field.metadata.items()}
    words = {key.replace("_", "-") if key.startswith("x_") else key: value for key, value in words.items()}
    return {key: value for key, value in words.items() if key in _WORDS or key.startswith("x-")}
