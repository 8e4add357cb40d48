"""A module that can be trained in no time: its model is one number, the epochs it was trained for."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Annotated, Any

from pelagos.module import Arg, BadInput, File, Folder, Module, Training

MODEL_FILE = "counting.json"


class Counting(Module):
    """Adds numbers up, and learns what to add."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._name = "pretrained"

    def load(self, model: Folder | None) -> None:
        """Read what to add from the model's file; nothing is added without a model."""
        if model is not None:
            learned = json.loads((Path(model) / MODEL_FILE).read_text(encoding="utf-8"))
            self._offset, self._name = learned["offset"], learned["name"]

    def predict(
        self,
        values: Annotated[list[float], Arg("the numbers to add", min_length=1)],
        scale: Annotated[float, Arg("what the total is multiplied with", gt=0, advanced=True)] = 1.0,
        file: Annotated[File | None, Arg("a text file with one more number a line")] = None,
    ) -> dict[str, Any]:
        """Answer with the total, and with the model that gave it."""
        more = _numbers(file) if file is not None else []
        return {"total": sum([*values, *more, self._offset]) * scale, "model": self._name}

    def train(
        self,
        run: Training,
        dataset: Annotated[Folder | None, Arg("a folder; its files are counted")] = None,
        epochs: Annotated[int, Arg("how long to train", ge=1, le=1000)] = 3,
        delay_s: Annotated[float, Arg("how long an epoch takes", ge=0, unit="s")] = 0.0,
        fail: Annotated[bool, Arg("raise an error after the first epoch")] = False,
        stubborn: Annotated[bool, Arg("refuse to end, and hide a process that does too", advanced=True)] = False,
    ) -> dict[str, Any]:
        """Count the epochs, slowly if asked, and write the count as the model."""
        if stubborn:
            _refuse_to_end()
        done = 0
        for epoch in range(1, epochs + 1):
            if run.cancelled and not stubborn:
                break
            time.sleep(delay_s)
            print(f"epoch {epoch} of {epochs}")
            run.log(epoch, loss=1 / epoch, accuracy=1 - 1 / (epoch + 1))
            run.progress(epoch / epochs, f"epoch {epoch} of {epochs}")
            if fail:
                raise RuntimeError("asked to fail")
            done = epoch
        model = {"offset": float(done), "name": run.id}
        (run.model / MODEL_FILE).write_text(json.dumps(model), encoding="utf-8")
        return {"epochs": done, "accuracy": 1 - 1 / (done + 1), "files": _count(dataset), "notes": ["It only counts."]}


def _refuse_to_end() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The shell in between ends at once, so the sleeper has no parent among the processes of this run, and no token.
    hidden = "trap '' TERM; (trap '' TERM; exec env -i setsid sleep 300) &"
    subprocess.run(["/bin/sh", "-c", hidden], check=True)


def _numbers(file: File) -> list[float]:
    try:
        return [float(line) for line in file.read().decode().splitlines() if line.strip()]
    except ValueError as error:
        raise BadInput(f"{file.name}: {error}", field="file") from error


def _count(dataset: Folder | None) -> int:
    return 0 if dataset is None else sum(1 for path in Path(dataset).rglob("*") if path.is_file())
