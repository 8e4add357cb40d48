"""A DEEPaaS module that gives back its arguments."""

from typing import Any

from webargs import fields, validate


def get_metadata() -> dict[str, Any]:
    """Name it."""
    return {"name": "trivial"}


def get_predict_args() -> dict[str, Any]:
    """Say what it takes."""
    number = fields.Int(missing=1, validate=validate.Range(1, 50), location="form")
    return {"text": fields.Str(missing="", validate=validate.Length(max=1000), location="form"), "number": number}


def predict(**arguments: Any) -> dict[str, Any]:
    """Answer."""
    return arguments
