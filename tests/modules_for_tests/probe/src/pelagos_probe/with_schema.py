"""An answer with a schema, and `accept` without a location."""

from webargs import fields, validate

schema = {
    "status": fields.Str(required=True, description="how it went"),
    "labels": fields.List(fields.Str(), required=True),
    "probability": fields.Float(),
}


def get_metadata():
    return {"name": "probe of schema"}


def get_predict_args():
    return {
        "mode": fields.Str(missing="good"),
        "accept": fields.Str(missing="application/json", validate=validate.OneOf(["application/json", "image/png"])),
    }


def predict(**kwargs):
    if kwargs["accept"] == "image/png":
        return b"picture"
    if kwargs["mode"] == "accept":
        return {"status": kwargs["accept"], "labels": []}
    return ANSWERS[kwargs["mode"]]


ANSWERS = {
    "good": {"status": "OK", "labels": ["a", "b"], "probability": 0.5},
    "convertible": {"status": "OK", "labels": [], "probability": "0.5"},
    "missing": {"status": "OK"},
    "unknown": {"status": "OK", "labels": [], "more": 1},
    "wrong": ["no dictionary"],
}
