"""A file that is looked for among the files, which stops every call of DEEPaaS."""

from webargs import fields

from pelagos_probe.shown import shown


def get_metadata():
    return {"name": "probe of places"}


def get_predict_args():
    return {"data": fields.Field(type="file", location="files")}


def predict(**kwargs):
    return shown(kwargs.get("data"))
