"""The functions of the module; pictures are small PPM files, which need no library."""

import io
import mimetypes
import os
import tempfile
import zipfile

from aiohttp.web import HTTPBadRequest
from deepaas.model.v2 import wrapper
from deepaas.model.v2.wrapper import UploadedFile
from webargs import fields, validate

BASE_DIR = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PALETTE = open(os.path.join(BASE_DIR, "palette.txt")).read()


def get_metadata():
    return {"name": "painter", "description": "Paints with the %s" % PALETTE}


def get_predict_args():
    return {
        "image_content": fields.Field(required=True, type="file", location="form", description="the content"),
        "image_style": fields.Field(required=True, type="file", location="form", description="the style"),
        "accept": fields.Str(
            description="media type of the answer",
            missing="image/x-portable-pixmap",
            location="headers",
            validate=validate.OneOf(["image/x-portable-pixmap", "image/png", "application/zip", "application/json"]),
        ),
    }


def predict(**kwargs):
    for name in ("image_content", "image_style"):
        if not isinstance(kwargs[name], UploadedFile):
            raise TypeError("%s is no UploadedFile" % name)
    content, style = (open(kwargs[name].filename, "rb").read() for name in ("image_content", "image_style"))
    if not content.startswith(b"P6"):
        raise HTTPBadRequest(reason="%s is no picture" % kwargs["image_content"].original_filename)
    os.remove(kwargs["image_content"].filename)
    painted = content + style[-3:]
    if kwargs["accept"] == "application/json":
        kind = mimetypes.guess_type(kwargs["image_content"].original_filename)[0]
        return {"size": len(painted), "kind": kind, "deepaas": os.path.dirname(wrapper.__file__)}
    if kwargs["accept"] == "application/zip":
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("painted.ppm", painted)
        return buffer
    if kwargs["accept"] == "image/png":
        return io.BytesIO(b"\x89PNG" + painted)
    path = os.path.join(tempfile.mkdtemp(), "painted.ppm")
    with open(path, "wb") as target:
        target.write(painted)
    return open(path, "rb")
