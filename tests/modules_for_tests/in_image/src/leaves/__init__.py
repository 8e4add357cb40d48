"""A module in the style of published ones, as it stands in a container image."""

import datetime
import hashlib
import os
import socket
import time

from marshmallow import fields, validate

MODELS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "models")


def get_metadata():
    """Tell who it is, and what it sees of the machine around it."""
    return {"name": "leaves", "summary": "Names leaves.", "author": "Somebody", "license": "MIT"}


def get_predict_args():
    """Take a picture, and what to do with it."""
    return {
        "data": fields.Field(metadata={"type": "file", "location": "form"}, allow_none=True),
        "top-k": fields.Int(load_default=2, validate=validate.Range(1, 3), metadata={"description": "how many"}),
        "timestamp": fields.Str(load_default="pretrained", validate=validate.OneOf(sorted(os.listdir(MODELS)))),
        "act": fields.Str(load_default="name", validate=validate.OneOf(["name", "look", "sleep", "kill"])),
    }


def predict(**arguments):
    """Name it, or look around."""
    if arguments["act"] == "look":
        return {
            "uid": os.getuid(),
            "network": _network(),
            "pids": _pids(),
            "cwd": os.getcwd(),
            "host": socket.gethostname(),
        }
    if arguments["act"] == "sleep":
        time.sleep(300)
    if arguments["act"] == "kill":
        os.kill(os.getpid(), 9)
    with open(os.path.join(MODELS, arguments["timestamp"], "labels.txt")) as file:
        found = {"labels": file.read().split()[: arguments["top-k"]]}
    if arguments.get("data"):
        with open(arguments["data"].filename, "rb") as file:
            found["sha256"] = hashlib.sha256(file.read()).hexdigest()
    return found


def get_train_args():
    """Take how long."""
    return {"epochs": fields.Int(load_default=1), "delay_s": fields.Float(load_default=0.0)}


def train(**arguments):
    """Count, and leave a model."""
    for epoch in range(arguments["epochs"]):
        print("epoch", epoch, flush=True)
        time.sleep(arguments["delay_s"])
    timestamp = datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S")
    os.makedirs(os.path.join(MODELS, timestamp))
    with open(os.path.join(MODELS, timestamp, "labels.txt"), "w") as file:
        file.write("yew fir larch")
    return {"epochs": arguments["epochs"], "network": _network(), "timestamp": timestamp}


def _network():
    return sorted(name for _, name in socket.if_nameindex())


def _pids():
    return len([name for name in os.listdir("/proc") if name.isdigit()])
