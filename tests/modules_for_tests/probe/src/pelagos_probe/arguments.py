"""Every kind of argument that real modules use; `predict` gives back what it was called with."""

import datetime
import os

import marshmallow
from webargs import fields, validate

from pelagos_probe.shown import shown


class Even(fields.Field):
    """A field of the module's own."""

    def _deserialize(self, value, attr, data, **kwargs):
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise marshmallow.ValidationError("Not a number at all.") from None
        if number % 2:
            raise marshmallow.ValidationError(["%d is odd." % number])
        return number


class Point(marshmallow.Schema):
    x = fields.Int(required=True)
    y = fields.Float(missing=0.5)

    @marshmallow.validates_schema
    def not_too_far(self, data, **kwargs):
        if data["x"] > 100:
            raise marshmallow.ValidationError("The point is too far.")


def get_metadata():
    return {
        "name": "probe of arguments",
        "version": "1.2.3",
        "summary": "Gives back its arguments",
        "description": ["Two", "lines"],
        "Author": "The Pelagos authors",
        "license": "Apache-2.0",
        "url": None,
        "extra": {"deep": [1, 2.5, True]},
    }


def get_predict_args():
    return {
        "demo-str": fields.Str(missing="some string", metadata={"description": "a hyphenated name"}),
        "plain": fields.Str(description="no default at all"),
        "number": fields.Int(missing=7, validate=validate.Range(min=1, max=10), description="bounded"),
        "fraction": fields.Float(load_default=0.25, metadata={"description": "a 100% fraction"}),
        "flag": fields.Bool(missing=False),
        "choice": fields.Str(missing="red", enum=["red", "green"], validate=validate.OneOf(["red", "green"])),
        "suggested": fields.Str(missing="a", enum=["a", "b"]),
        "weak": fields.Str(validate=[validate.Length(min=2, max=5), validate.Regexp("^[a-z]+$")]),
        "items": fields.List(fields.Int(validate=validate.Range(min=0)), description="repeat the key"),
        "words": fields.List(fields.Str(), missing=["x", "y"]),
        "delimited": fields.DelimitedList(fields.Int()),
        "mapping": fields.Dict(missing={"a": 1}),
        "address": fields.Url(missing="https://example.org"),
        "raw": fields.Raw(),
        "nest": fields.Nested(Point),
        "nests": fields.Nested(Point, many=True),
        "day": fields.Date(missing=datetime.date(2026, 1, 31)),
        "moment": fields.DateTime(),
        "nothing": fields.Int(missing=None, allow_none=True),
        "even": Even(missing=2, description="a field of its own class"),
        "wire": fields.Str(data_key="X-Wire", missing="keyword stays"),
        "in_query": fields.Str(location="query"),
        "in_form": fields.Str(location="form"),
        "in_json": fields.Str(location="json"),
        "in_header": fields.Str(location="headers", data_key="X-Thing"),
        "in_cookie": fields.Str(location="cookies"),
        "data": fields.Field(metadata={"type": "file", "location": "form"}, description="a file"),
        "suffix": fields.Bool(missing=False, description="whether to tell the suffix of the path of `data`"),
        "more": fields.List(fields.Field(type="file"), type="file", location="form"),
    }


def get_train_args():
    return {}


def predict(**kwargs):
    told = {name: shown(value) for name, value in sorted(kwargs.items())}
    if kwargs["suffix"]:
        told["path_suffix"] = os.path.splitext(kwargs["data"].filename)[1]
    return told
