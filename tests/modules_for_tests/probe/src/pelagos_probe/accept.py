"""Content negotiation by a header, and answers that are files."""

import io
import os
import tempfile

from webargs import fields, validate

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def get_metadata():
    return {"name": "probe of accept"}


def get_predict_args():
    return {
        "shape": fields.Str(missing="bytes"),
        "accept": fields.Str(
            missing="image/png",
            location="headers",
            description="media type of the answer",
            validate=validate.OneOf(["application/json", "image/png", "text/plain", "application/zip"]),
        ),
    }


def get_train_args():
    return {}


def predict(**kwargs):
    if kwargs["accept"] in ("application/json", "*/*"):
        return {"accept": kwargs["accept"]}
    return SHAPES[kwargs["shape"]]()


def _file():
    path = os.path.join(tempfile.mkdtemp(prefix="probe-"), "picture of me.png")
    with open(path, "wb") as opened:
        opened.write(PNG)
    return open(path, "rb")


SHAPES = {
    "bytes": lambda: PNG,
    "bytearray": lambda: bytearray(PNG),
    "text": lambda: "plain words: ü",
    "buffer": lambda: io.BytesIO(PNG),
    "file": _file,
    "nothing": lambda: None,
    "dict": lambda: {"not": "bytes"},
}
