"""Describe a module of a V2 server elsewhere from what that server tells: its metadata and its Swagger 2.0."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence

from pelagos.module import describe

KIND = "remote"
THREADS = 16
"""Requests on their way through one worker: it only waits for the other server."""
_PLACES = {"formData": "form", "header": "headers", "cookie": "cookies"}
_BOUNDS = (
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "enum",
    "default",
    "description",
)


def described(name: str, model: str, metadata: Mapping[str, Any], swagger: Mapping[str, Any]) -> Dict[str, Any]:
    """Describe the module called `model` there, and `name` here."""
    said = next((metadata[key] for key in ("summary", "description") if metadata.get(key)), "")
    text = " ".join(map(str, said)) if isinstance(said, (list, tuple)) else str(said)
    return {
        "format": describe.FORMAT,
        "kind": KIND,
        "name": name,
        "summary": text.strip().split("\n\n")[0].replace("\n", " "),
        "version": str(metadata.get("version") or ""),
        "metadata": {key: value for key, value in metadata.items() if key not in ("id", "links")},
        "card": None,
        "threads": THREADS,
        "batch": False,
        "predict": _method(model, "predict", swagger, parse="worker"),
        "train": _method(model, "train", swagger, parse="server"),
    }


def _method(model: str, method: str, swagger: Mapping[str, Any], *, parse: str) -> Optional[Dict[str, Any]]:
    end = f"/v2/models/{model}/{method}/"
    paths = swagger.get("paths") or {}
    told = next((of["post"] for path, of in paths.items() if path.endswith(end) and "post" in of), None)
    if told is None:
        return None
    definitions = swagger.get("definitions") or {}
    parameters = told.get("parameters") or []
    produced = told.get("produces") or ["application/json"]
    answer = (told.get("responses", {}).get("200", {}).get("schema") or {}).get("$ref", "")
    return {
        "parameters": [each for parameter in parameters for each in _parameters(parameter, definitions)],
        "stream": False,
        "media_types": [each for each in produced if each != "*/*"] or ["application/json"],
        "parse": parse,
        "swagger": {
            "parameters": parameters,
            "produces": produced,
            "definitions": definitions,
            "response": answer.rpartition("/")[2] or None,
        },
    }


def _parameters(told: Mapping[str, Any], definitions: Mapping[str, Any]) -> Iterator[Dict[str, Any]]:
    """Describe one parameter; that of the body stands for all its properties."""
    if told["in"] != "body":
        yield _parameter(told["name"], told, definitions, place=_PLACES.get(told["in"]), required=told.get("required"))
        return
    inside = _resolved(told.get("schema") or {}, definitions)
    for name, schema in inside.get("properties", {}).items():
        yield _parameter(name, schema, definitions, place="json", required=name in inside.get("required", ()))


def _parameter(
    name: str, told: Mapping[str, Any], definitions: Mapping[str, Any], *, place: Optional[str], required: Any
) -> Dict[str, Any]:
    return {
        "name": name,
        "keyword": name,
        "required": bool(required),
        "in": place,
        "schema": _schema(told, definitions),
        "label": "",
        "unit": "",
        "advanced": False,
        "secret": False,
    }


def _schema(told: Mapping[str, Any], definitions: Mapping[str, Any]) -> Dict[str, Any]:
    told = _resolved(told, definitions)
    if told.get("type") == "file":
        schema: Dict[str, Any] = {"type": "string", "format": "binary"}
    else:
        schema = {"type": told["type"]} if isinstance(told.get("type"), str) else {}
        schema.update({key: told[key] for key in ("format",) if told.get(key) in ("date", "date-time")})
    if told.get("type") == "array":
        schema["items"] = _schema(told.get("items") or {}, definitions)
    schema.update({key: told[key] for key in _BOUNDS if key in told})
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        # In Swagger 2.0 a flag beside the bound, in JSON Schema the bound itself.
        if told.get(exclusive) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
    if told.get("x-nullable"):
        schema["nullable"] = True
    return schema


def _resolved(told: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references, as far as a schema that refers to itself lets us."""
    parts: List[Mapping[str, Any]] = [told, *_sequence(told.get("allOf"))]
    referred = [definitions.get(part["$ref"].rpartition("/")[2], {}) for part in parts if "$ref" in part]
    found: Dict[str, Any] = {"type": "object"} if referred else {}
    for part in [*referred, told]:
        found.update(part)
    return found


def _sequence(value: Any) -> Sequence[Mapping[str, Any]]:
    return value if isinstance(value, list) else ()
