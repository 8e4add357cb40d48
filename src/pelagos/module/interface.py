"""The class that an author derives from, and what the worker tells the code that runs in it."""

from __future__ import annotations

import os
import pathlib
from typing import Any, Optional

from pelagos.module.files import Folder


class Module:
    """A machine-learning module: derive from it, say what you take in the signatures.

    `predict` and `train` are optional; their parameters (types, defaults, `Arg`) are the module's arguments everywhere:
    in the REST API, the forms, the command line. An author may also define:

    - `predict_batch(self, requests: list[dict]) -> list`: the same as `predict` for several requests at once, each a
      dict of arguments; the answers come in the same order, an exception instance as an answer fails that request only.
    - `predict` as a generator: every yielded value is streamed to the client.
    """

    threads = 1
    """How many predictions one worker may run at the same time (each in its own thread when more than one)."""

    def load(self, model: Optional[Folder]) -> None:
        """Get ready to predict with `model`, the folder a training wrote, or with the pretrained weights for None.

        Called once per worker and model, before the first `predict` with it, on an instance of its own.
        """

    predict: Any = None
    train: Any = None


def threads() -> int:
    """Tell how many threads this process may compute with: give it to ONNX Runtime, torch, OpenCV.

    Pelagos shares the cores among the workers and sets the usual environment variables (`OMP_NUM_THREADS` ...) too.
    """
    return max(1, int(os.environ.get("PELAGOS_THREADS", "0") or 0) or len(os.sched_getaffinity(0)))


def cache(name: str) -> pathlib.Path:
    """Give a folder that outlives the process, for what is costly to make: converted weights, features, pictures.

    Several processes may use it at the same time: write with a temporary name and rename.
    """
    home = os.environ.get("PELAGOS_CACHE") or os.path.join(os.path.expanduser("~"), ".cache", "pelagos")
    folder = pathlib.Path(home) / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
