"""The author's view of a running training: where to write, how to report, whether to stop."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import time
from typing import Any, Dict, Optional, Union

from pelagos.module.files import Folder


class Training:
    """One run of `train`. All of it is files in the run folder, so that nothing is lost whoever dies.

    `folder` is the run folder; `model` is where the trained model is written (usable the moment the job is done);
    `outputs` takes reports; `cache` is shared by all trainings of the module; `resume` is the model folder of an
    earlier run to go on from, or None.
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
        for made in (self.model, self.outputs, self.cache):
            made.mkdir(parents=True, exist_ok=True)

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop. The process is ended a few seconds later in any case."""
        return (self.folder / "cancel").exists()

    def log(self, step: int, **metrics: float) -> None:
        """Record numbers of one step (an epoch, usually): a line of `metrics.jsonl`.

        NaN and infinity are written as null.
        """
        line: Dict[str, Any] = {"step": int(step), "time": time.time()}
        line.update({name: _finite(value) for name, value in metrics.items()})
        with (self.folder / "metrics.jsonl").open("a", encoding="utf-8") as target:
            target.write(json.dumps(line) + "\n")

    def progress(self, fraction: float, message: str = "") -> None:
        """Tell how far the run is, from 0 to 1, and in a few words what it does."""
        state = {"fraction": min(1.0, max(0.0, float(fraction))), "message": message, "time": time.time()}
        temporary = self.folder / "progress.json.tmp"
        temporary.write_text(json.dumps(state), encoding="utf-8")
        os.replace(str(temporary), str(self.folder / "progress.json"))

    def save(self, path: Union[str, os.PathLike[str]], name: Optional[str] = None) -> pathlib.Path:
        """Copy a file or folder into the model; returns where it is now."""
        source = pathlib.Path(path)
        target = self.model / (name or source.name)
        if source.is_dir():
            shutil.copytree(str(source), str(target), dirs_exist_ok=True)
        else:
            shutil.copy2(str(source), str(target))
        return target


def _finite(value: float) -> Optional[float]:
    number = float(value)
    return number if number - number == 0 else None
