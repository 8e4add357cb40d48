"""Write the API as OpenAPI 3.1 from the same description.

https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pelagos.runtime import service as services

_PLACES = {"query": "query", "querystring": "query", "headers": "header", "cookies": "cookie"}
_OWN_WORDS = {"nullable", "format"}


def specification(service: services.Service, models: Mapping[str, Sequence[str]], version: str) -> dict[str, Any]:
    """Describe all routes; `models` lists, by module, what the argument `model` may be now."""
    base = service.settings.base_path.strip("/")
    paths: dict[str, Any] = {
        "/v2/": {"get": _operation("The version of this API", _json({"type": "object"}))},
        "/v2/models/": {"get": _operation("The modules that are served", _json({"type": "object"}))},
        "/healthz": {"get": _operation("Whether predictions can be made", _json({"type": "object"}))},
        "/metrics": {"get": _operation("Counters for Prometheus", {"text/plain": {"schema": {"type": "string"}}})},
    }
    for name, module in service.modules.items():
        paths |= _paths(service.settings, name, module.description, models.get(name, ()))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pelagos", "version": version, "description": "Predict with modules and train them."},
        "servers": [{"url": f"/{base}" if base else "/"}],
        "paths": paths,
        "components": {"schemas": _SCHEMAS},
    }


def schema_of(described: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a schema of a description into one of JSON Schema 2020-12."""
    told = {keyword: value for keyword, value in described.items() if keyword not in _OWN_WORDS}
    if described.get("format") in ("binary", "date", "date-time"):
        told["format"] = described["format"]
    for keyword in ("items",):
        if keyword in told:
            told[keyword] = schema_of(told[keyword])
    if "anyOf" in told:
        told["anyOf"] = [schema_of(member) for member in told["anyOf"]]
    return _nullable(told) if described.get("nullable") else told


def _nullable(told: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in told:
        return {**told, "anyOf": [*told["anyOf"], {"type": "null"}]}
    if "enum" in told:
        told["enum"] = [*told["enum"], None]
    return {**told, "type": [told["type"], "null"]} if "type" in told else told


def _paths(
    settings: services.RuntimeSettings, name: str, description: Mapping[str, Any], models: Sequence[str]
) -> dict[str, Any]:
    root = f"/v2/models/{name}"
    paths: dict[str, Any] = {f"{root}/": {"get": _operation("What the module is", _json({"type": "object"}))}}
    if settings.predict_endpoint and description["predict"] is not None:
        kind = "text/event-stream" if description["predict"]["stream"] else "application/json"
        content = {kind: {"schema": {"$ref": "#/components/schemas/Prediction"}}}
        taken = _taken(description["predict"]["parameters"], models)
        paths[f"{root}/predict/"] = {"post": _operation("Predict", content, taken)}
    if settings.train_endpoint and description["train"] is not None:
        one = _json({"$ref": "#/components/schemas/Training"})
        all_of_them = _json({"type": "array", "items": {"$ref": "#/components/schemas/Training"}})
        taken = _taken(description["train"]["parameters"], ())
        key = {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}, "required": False}
        part = [{"in": "query", "name": name, "schema": {"type": "integer", "minimum": 0}} for name in _PART]
        uuid = {"in": "path", "name": "uuid", "required": True, "schema": {"type": "string"}}
        begin = {**taken, "parameters": [*taken.get("parameters", []), key]}
        paths[f"{root}/train/"] = {
            "post": _operation("Start a training", one, begin),
            "get": _operation("The trainings", all_of_them, {"parameters": part}),
        }
        paths[f"{root}/train/{{uuid}}"] = {
            "get": _operation("One training", one, {"parameters": [uuid]}),
            "delete": _operation("Cancel a training, or delete one that has ended", one, {"parameters": [uuid]}),
        }
    return paths


_PART = ("limit", "offset")


def _taken(parameters: Sequence[Mapping[str, Any]], models: Sequence[str]) -> dict[str, Any]:
    pinned = [each for each in parameters if each.get("in") in _PLACES]
    free = [each for each in parameters if each.get("in") not in _PLACES]
    told: dict[str, Any] = {}
    if pinned:
        told["parameters"] = [_pinned(each) for each in pinned]
    if free:
        properties = {each["name"]: schema_of(each["schema"]) for each in free}
        if "model" in properties and models:
            properties["model"]["enum"] = list(models)
        required = [each["name"] for each in free if each["required"]]
        schema = {"type": "object", "properties": properties, **({"required": required} if required else {})}
        has_files = any("binary" in str(each["schema"]) for each in free)
        kinds = ["multipart/form-data"] if has_files else ["application/json", "application/x-www-form-urlencoded"]
        told["requestBody"] = {"required": bool(required), "content": {kind: {"schema": schema} for kind in kinds}}
    return told


def _pinned(parameter: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "in": _PLACES[parameter["in"]],
        "name": parameter["name"],
        "required": parameter["required"],
        "schema": schema_of(parameter["schema"]),
    }


def _operation(summary: str, content: Mapping[str, Any], more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    faults = {"description": "Faults by argument", "content": _json({"$ref": "#/components/schemas/Faults"})}
    responses: dict[str, Any] = {"200": {"description": "OK", "content": content}}
    if more:
        responses["422"] = faults
    return {"summary": summary, **(more or {}), "responses": responses}


def _json(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


_SCHEMAS: Mapping[str, Any] = {
    "Faults": {"type": "object", "additionalProperties": True},
    "Prediction": {"type": "object", "properties": {"status": {"type": "string"}, "predictions": {}}},
    "Training": {
        "type": "object",
        "required": ["date", "args", "uuid", "status"],
        "properties": {
            "date": {"type": "string"},
            "args": {"type": "object"},
            "uuid": {"type": "string"},
            "status": {"enum": ["running", "done", "error", "cancelled"]},
            "message": {"type": "string"},
            "result": {"type": "object"},
        },
    },
}
