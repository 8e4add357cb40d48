"""A module in the way of DEEPaaS: it prints and logs when it likes, and keeps its models in `models/` where it runs."""

from __future__ import annotations

import datetime
import logging
import os
import time
from pathlib import Path
from typing import Any

from marshmallow import fields

from pelagos.module import tensorboard

logging.basicConfig(level=logging.INFO)
LOG = logging.getLogger("terns")
print("terns: printed at import")
LOG.info("logged at import")


def get_predict_args() -> dict[str, Any]:
    """Take one word."""
    return {"word": fields.Str(load_default="tern")}


def predict(word: str) -> str:
    """Say it again."""
    print(f"printed for {word}")
    LOG.warning("logged for %s", word)
    return word


def get_train_args() -> dict[str, Any]:
    """Take the number of steps, and a file to wait for."""
    return {"steps": fields.Int(load_default=1), "gate": fields.Str(load_default=None, allow_none=True)}


def train(steps: int, gate: str | None) -> dict[str, str]:
    """Write a curve where TensorFlow's own callback would."""
    print("printed while it trains")
    LOG.info("logged while it trains")
    os.system("echo said by a child")
    if gate is not None:
        print("waits for the gate")
        while not Path(gate).exists():
            time.sleep(0.02)
    name = datetime.datetime.now().strftime("%Y-%m-%d_%H%M%S.%f")
    writer = tensorboard.EventWriter(Path("models", name, "logs", "train"))
    for step in range(1, steps + 1):
        writer.scalars(step, {"loss": 1 / step}, time.time())
    return {"modelname": name}
