"""The functions of the module, with the usual heavy imports."""

import time

import numpy as np
import pandas as pd
from scipy import interpolate
from webargs import fields

CURVE = {}


def get_metadata():
    return {"name": "tides", "version": "3.2.1"}


def warm():
    time.sleep(3)
    hours = np.arange(25)
    CURVE["level"] = interpolate.interp1d(hours, np.sin(hours / 12.4 * 2 * np.pi), kind="cubic")


def get_predict_args():
    return {
        "hours": fields.List(fields.Float(), missing=[0.0, 6.0]),
        "table": fields.Field(type="file", location="form"),
    }


def predict(**kwargs):
    hours = kwargs["hours"]
    if kwargs.get("table") is not None:
        hours = pd.read_csv(kwargs["table"].filename)["hour"]
    levels = CURVE["level"](np.asarray(hours, dtype=float))
    frame = pd.DataFrame({"hour": hours, "level": np.round(levels, 3)})
    return {"highest": np.float32(frame["level"].max()), "levels": frame["level"].to_numpy(), "gap": np.nan}
