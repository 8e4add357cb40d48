"""A DEEPaaS module that classifies a picture."""

from pathlib import Path
from typing import Any

from webargs import fields

from pelagos.module import File
from pelagos_image_classification import ImageClassification

_CLASSIFIER = ImageClassification()


def get_metadata() -> dict[str, Any]:
    """Name it."""
    return {"name": "image"}


def warm() -> None:
    """Load the weights."""
    _CLASSIFIER.load(None)


def get_predict_args() -> dict[str, Any]:
    """Say what it takes."""
    return {"image": fields.Field(required=True, type="file", location="form")}


def predict(image: Any) -> dict[str, Any]:
    """Answer."""
    if not hasattr(_CLASSIFIER, "_classifier"):
        warm()  # DEEPaaS predicts in other processes than the one that it warmed.
    return _CLASSIFIER.predict(File(image.original_filename, data=Path(image.filename).read_bytes()))
