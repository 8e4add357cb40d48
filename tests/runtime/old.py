"""A module written for DEEPaaS, which gives back its arguments. This file is imported by workers only."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate


def get_predict_args() -> dict[str, Any]:
    return {
        "text": fields.Str(load_default="", validate=validate.Length(max=20)),
        "size": fields.Int(load_default=1),
        "many": fields.List(fields.Str()),
        "any": fields.Raw(),
        "x-head": fields.Str(metadata={"location": "headers"}),
        "crumb": fields.Str(metadata={"location": "cookies"}),
        "image": fields.Raw(metadata={"type": "file", "location": "form"}),
    }


def predict(**arguments: Any) -> dict[str, Any]:
    image = arguments.pop("image", None)
    return {**arguments, "image": image and image.original_filename}
