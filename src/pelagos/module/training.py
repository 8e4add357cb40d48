"""The author's view of a running training: where to write, how to report, whether to stop."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import time
from typing import Any, Dict, Optional, Union

from pelagos.module import durable, tensorboard
from pelagos.module.files import Folder


class Training:
    """One run of `train`. All of it is files in the run folder, so that nothing is lost whoever dies.

    `folder` is the run folder; `model` is where the trained model is written (usable the moment the job is done);
    `outputs` takes reports; `cache` is shared by all trainings of the module; `resume` is the model folder of an
    earlier run to go on from, or None. Set `tensorboard` to False to write no event files.
    """

    def __init__(
        self,
        folder: Union[str, os.PathLike[str]],
        *,
        id: str,  # noqa: A002 - the record's word
        cache: Union[str, os.PathLike[str]],
        resume: Optional[Folder] = None,
    ) -> None:
        self.id = id
        self.folder = pathlib.Path(folder)
        self.model = self.folder / "model"
        self.outputs = self.folder / "outputs"
        self.cache = pathlib.Path(cache)
        self.resume = resume
        self.tensorboard = True
        self.watched = False
        """Whether the module looks at `cancelled`, and so leaves in its own way."""
        self.stopping = False
        """Whether it has seen there that it should stop."""
        self._events: Optional[tensorboard.EventWriter] = None
        for made in (self.model, self.outputs, self.cache):
            made.mkdir(parents=True, exist_ok=True)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop.

        A module that looks here has a few seconds to save what it wants; one that never does is interrupted at once
        (its `finally` blocks run). The process is ended in any case.
        """
        self.watched = True
        self.stopping = self.stopping or (self.folder / "cancel").exists()
        return self.stopping

    def log(self, step: int, **metrics: float) -> None:
        """Record numbers of one step (an epoch, usually): a line of `metrics.jsonl` and TensorBoard scalars.

        NaN and infinity are written as null. TypeError names a metric that is no number.
        """
        now = time.time()
        numbers = {name: _number(name, value) for name, value in metrics.items()}
        line: Dict[str, Any] = {"step": int(step), "time": now}
        line.update(numbers)
        with (self.folder / "metrics.jsonl").open("ab") as target:
            target.write(json.dumps(line).encode() + b"\n")
        if self.tensorboard:
            if self._events is None:
                self._events = tensorboard.EventWriter(self.folder / "tensorboard")
            self._events.scalars(int(step), {name: value for name, value in numbers.items() if value is not None}, now)

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far the run is, from 0 to 1, and in a few words what it does."""
        state = {"fraction": min(1.0, max(0.0, float(fraction))), "message": message, "time": time.time()}
        durable.write_json(self.folder / "progress.json", state, sync=False)

    def save(self, path: Union[str, os.PathLike[str]], name: Optional[str] = None) -> pathlib.Path:
        """Copy a file or folder into the model; returns where it is now."""
        source = pathlib.Path(path)
        target = self.model / (name or source.name)
        if source.is_dir():
            shutil.copytree(str(source), str(target), dirs_exist_ok=True)
        else:
            shutil.copy2(str(source), str(target))
        return target


def _number(name: str, value: Any) -> Optional[float]:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"metric '{name}' is no number: {value!r}") from None
    return number if number - number == 0 else None
