"""The functions of the module."""

import logging

import pkg_resources
from webargs import fields, validate

logging.basicConfig(level=logging.INFO)
print("herbarium is imported")

schema = {
    "status": fields.Str(),
    "predictions": fields.Nested({"labels": fields.List(fields.Str()), "probabilities": fields.List(fields.Float())}),
}


def get_metadata():
    """Read the metadata of the installed distribution."""
    distribution = pkg_resources.get_distribution("herbarium")
    meta = {"Name": None, "Version": None, "Summary": None, "Author": None, "License": None}
    for line in distribution.get_metadata_lines("PKG-INFO"):
        for key in meta:
            if line.startswith(key + ":"):
                _, value = line.split(": ", 1)
                meta[key] = value
    return meta


def get_predict_args():
    return {
        "leaf-length": fields.Float(required=True, validate=validate.Range(min=0), description="length, in cm"),
        "leaf-shape": fields.Str(missing="oval", enum=["oval", "needle"], validate=validate.OneOf(["oval", "needle"])),
        "top-k": fields.Int(missing=2, description="how many names"),
    }


def predict(**kwargs):
    logging.getLogger(__name__).info("predicting with %s", kwargs)
    names = ["pine", "larch", "beech"] if kwargs["leaf-shape"] == "needle" else ["beech", "oak", "pine"]
    shares = [0.6, 0.3, 0.1]
    k = kwargs["top-k"]
    return {"status": "ok", "predictions": {"labels": names[:k], "probabilities": shares[:k]}}
