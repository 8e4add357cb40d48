"""Everything that can go wrong in a module."""

import multiprocessing
import os
import signal
import sys
import time

from aiohttp import web
from webargs import fields


def get_metadata():
    return {"name": "probe of faults"}


def get_predict_args():
    return {
        "fault": fields.Str(missing="none"),
        "seconds": fields.Float(missing=0),
        "data": fields.Field(type="file", location="form"),
    }


def get_train_args():
    return {}


def predict(**kwargs):
    if kwargs.get("data") is not None and kwargs["fault"] == "none":
        # Many modules remove the upload themselves.
        os.remove(kwargs["data"].filename)
    time.sleep(kwargs["seconds"])
    return FAULTS[kwargs["fault"]]()


def _children():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(abs, (-3,))


def _raise(error):
    raise error


FAULTS = {
    "none": lambda: "fine",
    "value": lambda: _raise(ValueError("no such thing")),
    "attribute": lambda: None.nothing,
    "unfinished": lambda: _raise(NotImplementedError("not written yet")),
    "multiline": lambda: _raise(RuntimeError("first line\nsecond line")),
    "http400": lambda: _raise(web.HTTPBadRequest(reason="the picture is no picture")),
    "http503": lambda: _raise(web.HTTPServiceUnavailable(reason="come back later")),
    "http422": lambda: _raise(web.HTTPUnprocessableEntity(text='{"why": "text"}', content_type="application/json")),
    "exit": lambda: sys.exit(3),
    "os_exit": lambda: os._exit(4),
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "noise": lambda: (os.write(1, b"\x00\xff raw bytes\n"), os.write(2, b"more\n"), print("printed"))[0],
    "stdin": sys.stdin.read,
    "children": _children,
    "main_thread": lambda: signal.signal(signal.SIGALRM, signal.SIG_DFL) is None,
}
