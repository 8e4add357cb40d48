"""Trainings of every kind."""

import datetime
import os
import subprocess
import sys
import time

from webargs import fields, validate

from pelagos_probe.shown import shown

STATE = {"warm": False}
MODELS = os.environ.get("PROBE_MODELS", "")
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"


def get_metadata():
    return {"name": "probe of trainings"}


def warm():
    STATE["warm"] = True


def get_train_args():
    return {
        "epochs": fields.Int(missing=3, validate=validate.Range(min=1)),
        "seconds": fields.Float(missing=0),
        "kind": fields.Str(missing="result"),
        "day": fields.Date(),
        "words": fields.List(fields.Str()),
        "data": fields.Field(type="file", location="form"),
    }


def get_predict_args():
    known = sorted(os.listdir(MODELS)) if os.path.isdir(MODELS) else []
    return {"folder": fields.Str(required=True), "model": fields.Str(enum=known, validate=validate.OneOf(known))}


def predict(folder, model=None):
    if folder.startswith("meet:"):
        return _meet(folder[5:])
    return STATE if folder == "warm" else sorted(os.listdir(folder))


def _meet(folder):
    """Wait for another prediction in a process of its own; gives how many came."""
    open(os.path.join(folder, str(os.getpid())), "w").close()
    end = time.time() + 10
    while len(os.listdir(folder)) < 2 and time.time() < end:
        time.sleep(0.02)
    return len(os.listdir(folder))


def train(**kwargs):
    print("training", kwargs["epochs"], "epochs")
    end = time.time() + kwargs["seconds"]
    while time.time() < end:
        time.sleep(0.05)
    return KINDS[kwargs["kind"]](kwargs)


def _children(kwargs):
    # One of them leaves the group of its parent, as daemons do.
    for apart in (False, True):
        subprocess.Popen([sys.executable, "-c", STUBBORN, *kwargs.get("words", ())], start_new_session=apart)
    time.sleep(600)


def _model(kwargs):
    os.makedirs(MODELS, exist_ok=True)
    name = "model-%d" % len(os.listdir(MODELS))
    with open(os.path.join(MODELS, name), "w"):
        return {"modelname": name}


def _fail(kwargs):
    raise RuntimeError("the data set is empty")


KINDS = {
    "result": lambda kwargs: {"modelname": "2026-01-31_120000"},
    "echo": lambda kwargs: {name: shown(value) for name, value in sorted(kwargs.items())},
    "fail": _fail,
    "none": lambda kwargs: None,
    "bad": lambda kwargs: {"when": datetime.datetime(2026, 1, 31), "thing": {1}},
    "children": _children,
    "model": _model,
    "warm": lambda kwargs: {"warm": STATE["warm"]},
    "surroundings": lambda kwargs: {
        "port": os.environ.get("monitorPORT"),
        "fuser": subprocess.call(["fuser", "-k", "6006/tcp"]),
    },
}
