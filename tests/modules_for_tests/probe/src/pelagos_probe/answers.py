"""Answers of every kind."""

import datetime

import numpy
from webargs import fields


def get_metadata():
    return {"name": "probe of answers", "license": "MIT", "author": "Somebody", "version": "0.1"}


def get_predict_args():
    return {"kind": fields.Str(required=True)}


def get_train_args():
    return {}


def predict(**kwargs):
    return KINDS[kwargs["kind"]]()


def _generator():
    yield {"step": 1}
    yield {"step": 2}


KINDS = {
    "none": lambda: None,
    "number": lambda: 1.5,
    "text": lambda: "Grüße 🌊",
    "list": lambda: [1, [2, {"three": 3}]],
    "order": lambda: {"z": 1, "a": 2, "m": 3},
    "nan": lambda: {"value": float("nan"), "limit": float("inf")},
    "tuple": lambda: (1, 2),
    "keys": lambda: {1: "one", None: "none"},
    "date": lambda: datetime.datetime(2026, 1, 31, 12),
    "set": lambda: {1},
    "object": object,
    "bytes": lambda: b"raw",
    "error": lambda: {"status": "error", "message": "the module says so"},
    "numpy": lambda: {"array": numpy.arange(3), "one": numpy.float32(0.5), "gap": numpy.float64("nan")},
    "generator": _generator,
    "large": lambda: list(range(20000)),
}
