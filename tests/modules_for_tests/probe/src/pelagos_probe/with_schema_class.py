"""An answer whose schema is a class."""

import marshmallow
from webargs import fields


class LabelSchema(marshmallow.Schema):
    label = fields.Str(required=True, description="what it is")


class AnswerSchema(marshmallow.Schema):
    labels = fields.List(fields.Nested(LabelSchema))


schema = AnswerSchema


def get_metadata():
    return {"name": "probe of a schema's class"}


def predict(**kwargs):
    return {"labels": [{"label": "rose"}]}
