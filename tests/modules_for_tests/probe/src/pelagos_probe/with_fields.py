"""Arguments from the fields of a schema; a decorator puts more among them, told by the module it stands in."""

import functools
import sys

import marshmallow
from webargs import fields, validate

from pelagos_probe.shown import shown

WORD = "told by the module"


def with_more(function):
    @functools.wraps(function)
    def wrapped():
        module = sys.modules[function.__module__]
        return dict(function(), injected=fields.Str(missing=module.WORD, description="put in by a decorator"))

    return wrapped


def with_note(function):
    """Take the argument back out, as the function does not know it."""

    @functools.wraps(function)
    def wrapped(*args, **kwargs):
        note = kwargs.pop("injected")
        return {"note": note, "result": function(*args, **kwargs)}

    return wrapped


class Arguments(marshmallow.Schema):
    count = fields.Int(missing=2, validate=validate.Range(min=1), description="how many")
    words = fields.List(fields.Str(), missing=["a"])
    label = fields.Str(required=True, data_key="the-label")


def get_metadata():
    return {"name": "probe of fields"}


@with_more
def get_predict_args():
    return Arguments().fields


@with_note
def predict(count, words, label, unsent=None):
    return [shown(each) for each in (count, words, label, unsent)]
