"""A DEEPaaS module that gives back its arguments."""

import time
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


def get_train_args() -> dict[str, Any]:
    """Say what a training takes."""
    return {"seconds": fields.Float(missing=1)}


def train(seconds: float) -> None:
    """Compute for some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))
