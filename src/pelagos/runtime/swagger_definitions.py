"""The definitions of Swagger 2.0 that clients of DEEPaaS know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required}


def _string(description: str = "", **more: Any) -> dict[str, Any]:
    return {"type": "string", **more, **({"description": description} if description else {})}


def _list(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/definitions/{name}"}}


DEFINITIONS: Mapping[str, Any] = {
    "Failure": _object(["message"], message=_string("Failure message")),
    "Location": _object(["href", "rel", "type"], rel=_string(), href=_string(format="url"), type=_string()),
    "Version": _object(
        ["id", "version"],
        version=_string(),
        id=_string(),
        links={"$ref": "#/definitions/Location"},
        type=_string(),
    ),
    "Versions": {"type": "object", "properties": {"versions": _list("Version")}},
    "ModelMeta": _object(
        ["description", "id", "name"],
        id=_string("Model identifier"),
        name=_string("Model name"),
        description=_string("Model description"),
        license=_string("Model license"),
        author=_string("Model author"),
        version=_string("Model version"),
        url=_string("Model url"),
        links=_list("Location"),
    ),
    "Training": _object(
        ["date", "status", "uuid"],
        uuid=_string("Training identifier", format="uuid"),
        date=_string("Training start time", format="date-time"),
        status=_string("Training status", enum=["running", "error", "done", "cancelled"]),
        message=_string("Optional message explaining status"),
    ),
    "TrainingList": {"type": "object", "properties": {"trainings": _list("Training")}},
    "Prediction": _object(
        ["predictions", "status"],
        status=_string("Response status message"),
        predictions=_string("String containing predictions"),
    ),
}
