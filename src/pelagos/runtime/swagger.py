"""Write the API as Swagger 2.0, in the form that DEEPaaS has and clients are generated from.

https://swagger.io/specification/v2/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pelagos.runtime import service as services
from pelagos.runtime import swagger_definitions

_FORMATS = {"integer": "int32", "number": "float"}
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "enum")
_PLACES = {"querystring": "query", "headers": "header", "form": "formData", "files": "formData", "json": "query"}


def specification(service: services.Service, models: Mapping[str, Sequence[str]], version: str) -> dict[str, Any]:
    """Describe all routes; `models` lists, by module, what the argument `model` may be now."""
    document: dict[str, Any] = {
        "info": {
            "description": "Predict with machine-learning modules and train them.",
            "title": "Pelagos API endpoint",
            "version": version,
        },
        "paths": dict(_FIXED),
        "swagger": "2.0",
        "definitions": dict(swagger_definitions.DEFINITIONS),
    }
    for name, module in service.modules.items():
        document["paths"] |= _paths(service.settings, name, module.description, models.get(name, ()))
        for method in ("predict", "train"):
            document["definitions"] |= _own(module.description, method).get("definitions", {})
    # DEEPaaS writes the base path into every path, and clients look for them so.
    base = service.settings.base
    paths = {f"{base}{path}" if path != "/" else base or "/": told for path, told in document["paths"].items()}
    return {**document, "paths": paths}


def parameter(described: Mapping[str, Any]) -> dict[str, Any]:
    """Write one parameter of a description; a file is a form field, everything else is looked for in the query."""
    schema = _single(described["schema"])
    told: dict[str, Any] = {"in": _place(described, schema), "name": described["name"]}
    told["required"] = described["required"]
    if schema.get("type") == "array" and not _is_file(schema):
        told["collectionFormat"] = "multi"
    told |= _type(schema)
    if "default" in described["schema"]:
        told["default"] = described["schema"]["default"]
    told |= {keyword: schema[keyword] for keyword in _BOUNDS if keyword in schema}
    for exclusive, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in schema:
            told |= {bound: schema[exclusive], exclusive: True}
    if described["schema"].get("nullable"):
        told["x-nullable"] = True
    if described["schema"].get("description"):
        told["description"] = described["schema"]["description"]
    return told


def _place(described: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if _is_file(schema):
        return "formData"
    place = described.get("in") or "query"
    return _PLACES.get(place, place)


def _single(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    # Swagger 2.0 has no choice of types: the first is shown.
    return {**schema, **schema["anyOf"][0]} if "anyOf" in schema else schema


def _is_file(schema: Mapping[str, Any]) -> bool:
    return schema.get("format") == "binary" or schema.get("items", {}).get("format") == "binary"


def _type(schema: Mapping[str, Any]) -> dict[str, Any]:
    if _is_file(schema):
        return {"type": "file"}
    kind = schema.get("type", "string")
    if kind == "array":
        return {"type": "array", "items": _type(schema.get("items", {}))}
    form = _FORMATS.get(kind) or (schema.get("format") if schema.get("format") in ("date", "date-time") else None)
    return {"type": kind, "format": form} if form else {"type": kind}


def _own(description: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    """What a DEEPaaS module's adapter wrote already, word for word as DEEPaaS does."""
    found: Mapping[str, Any] = (description[method] or {}).get("swagger", {})
    return found


def _method(description: Mapping[str, Any], method: str, models: Sequence[str]) -> tuple[list[Any], list[str]]:
    own = _own(description, method)
    if own:
        return own["parameters"], own["produces"]
    described = description[method] or _NOTHING
    told = [parameter(each) for each in described["parameters"]]
    for each in told:
        if each["name"] == "model" and models and method == "predict":
            each["enum"] = list(models)
    return told, described["media_types"]


def _paths(
    settings: services.RuntimeSettings, name: str, description: Mapping[str, Any], models: Sequence[str]
) -> dict[str, Any]:
    root = f"/v2/models/{name}"
    paths: dict[str, Any] = {f"{root}/": {"get": _operation("Return model's metadata", "ModelMeta")}}
    if settings.train_endpoint and _told(description, "train"):
        taken, _ = _method(description, "train", ())
        paths[f"{root}/train/"] = {
            "post": _operation("Retrain model with available data", None, taken),
            "get": _operation("Get a list of trainings (running or completed)", "TrainingList"),
        }
        uuid = [{"in": "path", "name": "uuid", "required": True, "type": "string"}]
        paths[f"{root}/train/{{uuid}}"] = {
            "get": _operation("Get status of a training", "Training", uuid),
            "delete": _operation("Cancel a running training", None, uuid),
        }
    if settings.predict_endpoint and _told(description, "predict"):
        taken, produced = _method(description, "predict", models)
        answer = _own(description, "predict").get("response") or "Prediction"
        operation = _operation("Make a prediction given the input data", answer, taken, fails=True)
        paths[f"{root}/predict/"] = {"post": {**operation, "produces": produced}}
    return paths


def _told(description: Mapping[str, Any], method: str) -> bool:
    # DEEPaaS tells every route, also those of functions that the module lacks.
    return description[method] is not None or description["kind"] == "deepaas"


def _operation(
    summary: str, answer: str | None, parameters: Sequence[Any] = (), *, tag: str = "models", fails: bool = False
) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    if fails:
        responses["400"] = {"schema": {"$ref": "#/definitions/Failure"}, "description": ""}
    if answer is not None:
        responses["200"] = {"schema": {"$ref": f"#/definitions/{answer}"}, "description": ""}
    return {
        # Swagger demands at least one response; DEEPaaS leaves this empty where it has no schema.
        "responses": responses or {"200": {"description": ""}},
        "parameters": list(parameters),
        "tags": [tag],
        "summary": summary,
        "produces": ["application/json"],
    }


_NOTHING: Mapping[str, Any] = {"parameters": [], "media_types": ["application/json"]}
_DEBUG = {
    "responses": {
        "200": {"description": "Debug information if debug endpoint is enabled"},
        "204": {"description": "Debug endpoint not enabled"},
    },
    "parameters": [],
    "tags": ["debug"],
    "summary": "Return debug information if enabled by API.",
    "produces": ["text/plain"],
}
_FIXED: Mapping[str, Any] = {
    "/": {"get": _operation("Get available API versions", "Versions", tag="versions", fails=True)},
    "/v2/": {"get": _operation("Get V2 API version information", "Version", tag="versions", fails=True)},
    "/v2/debug/": {"get": _DEBUG},
    "/v2/models/": {"get": _operation("Return loaded models and its information", "ModelMeta")},
}
