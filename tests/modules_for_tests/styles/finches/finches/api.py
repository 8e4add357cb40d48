"""The functions of the module. Its models are folders below `models/` of the repository, or of $FINCHES_MODELS."""

import datetime
import json
import os
import subprocess
import sys
from functools import wraps

from deepaas.model.v2.wrapper import UploadedFile
from webargs import fields, validate

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MODELS = os.environ.get("FINCHES_MODELS", os.path.join(HOME, "models"))


def timestamps():
    return sorted(os.listdir(MODELS)) if os.path.isdir(MODELS) else []


def catch_error(function):
    """Give errors as an answer, as the template of these modules does."""

    @wraps(function)
    def wrapped(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception as error:
            return {"status": "error", "message": str(error)}

    return wrapped


def get_metadata():
    return {"name": "finches", "summary": "Tells finches apart", "license": "Apache-2.0"}


def get_train_args():
    return {
        "epochs": fields.Str(missing=json.dumps(3), description="a number, as JSON"),
        "use_tensorboard": fields.Str(missing=json.dumps(True), enum=["true", "false"]),
        "dataset": fields.Str(missing=json.dumps(None), description="a folder, as JSON"),
    }


def get_predict_args():
    known = timestamps()
    return {
        "timestamp": fields.Str(
            missing=known[-1] if known else None, allow_none=True, enum=known, validate=validate.OneOf(known + [None])
        ),
        "files": fields.Field(missing=None, type="file", data_key="data", location="form"),
        "urls": fields.Url(missing=None),
    }


def warm():
    os.makedirs(MODELS, exist_ok=True)


@catch_error
def predict(**args):
    if not any([args["files"], args["urls"]]):
        raise Exception("You must provide either 'url' or 'data' in the payload")
    if args["files"] and not isinstance(args["files"], UploadedFile):
        raise Exception("data is no UploadedFile")
    with open(os.path.join(MODELS, args["timestamp"], "conf.json")) as opened:
        conf = json.load(opened)
    return {"labels": ["darwin", "zebra"], "epochs": conf["epochs"], "file": args["files"].original_filename}


def train(**args):
    args = {name: json.loads(value) for name, value in args.items()}
    port = int(os.getenv("monitorPORT", "6006"))
    if args["use_tensorboard"]:
        subprocess.run(["fuser", "-k", "{}/tcp".format(port)], check=False)
        # In place of TensorBoard, which is started in the same way and left running.
        subprocess.Popen([sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"])
    for epoch in range(args["epochs"]):
        print("Epoch %d/%d" % (epoch + 1, args["epochs"]))
    name = datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S")
    os.makedirs(os.path.join(MODELS, name))
    with open(os.path.join(MODELS, name, "conf.json"), "w") as opened:
        json.dump(args, opened)
    return {"modelname": name, "port": port}
