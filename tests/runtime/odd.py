"""Modules that do what workers fear. This file is imported by workers only."""

from __future__ import annotations

import contextlib
import datetime
import enum
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from pelagos.module import Arg, BadInput, File, Folder, Module, Training

LOADS: list[str] = []


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Odd(Module):
    """Does what it is told, good or bad."""

    def load(self, model: Folder | None) -> None:
        self.model = "pretrained" if model is None else (model.path / "name").read_text()
        LOADS.append(self.model)

    def predict(
        self,
        act: str = "echo",
        seconds: float = 0.0,
        size: int = 0,
        image: File | None = None,
        files: list[File] | None = None,
    ) -> Any:
        acts = {
            "echo": lambda: {"pid": os.getpid(), "model": self.model, "loads": len(LOADS)},
            "raise": lambda: 1 / 0,
            "bad": _refuse,
            "exit": lambda: sys.exit(3),
            "hard exit": lambda: os._exit(4),
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "sleep": lambda: time.sleep(seconds),
            "deaf": lambda: _deaf(seconds),
            "print": _print,
            "nan": lambda: {"x": float("nan"), "y": [float("inf"), 1.5]},
            "surrogate": lambda: {"x": "\ud800"},
            "big": lambda: "x" * size,
            "odd type": object,
            "child": _child,
            "environment": lambda: {
                key: os.environ.get(key) for key in ("PELAGOS_THREADS", "OMP_NUM_THREADS", "TMPDIR")
            },
            "stdin": sys.stdin.read,
            "file": lambda: {
                "name": image.name,
                "size": len(image.read()),
                "suffix": image.path.suffix,
                "path": str(image.path),
            },
            "files": lambda: [[file.name, file.read().decode()] for file in files],
            "multiprocessing": lambda: multiprocessing.Pool(1).map(abs, [-3]),
        }
        return acts[act]()


class Typed(Module):
    """Says what it was given."""

    def predict(
        self,
        day: datetime.date,
        colour: Colour = Colour.RED,
        folder: Folder | None = None,
        count: Annotated[int, Arg(ge=1)] = 1,
    ) -> list[str]:
        return [repr(day), repr(colour), repr(folder), repr(count)]


class Talker(Module):
    """Answers in pieces."""

    def predict(
        self, pieces: int = 3, pause_s: float = 0.0, fail: bool = False, size: int = 0
    ) -> Iterator[dict[str, Any]]:
        for number in range(pieces):
            time.sleep(pause_s)
            yield {"piece": number, "more": "x" * size} if size else {"piece": number}
        if fail:
            raise ValueError("no more words")


class Batched(Module):
    """Says how many it answers at once."""

    def predict(self, number: int) -> dict[str, int]:
        return self.predict_batch([{"number": number}])[0]

    def predict_batch(self, requests: list[dict[str, Any]]) -> list[Any]:
        time.sleep(0.002)
        if any(request["number"] < 0 for request in requests) and len(requests) > 1:
            raise ValueError("one of them is negative")
        return [
            BadInput("is negative", field="number")
            if request["number"] < 0
            else {"number": request["number"], "batch": len(requests)}
            for request in requests
        ]


class Threaded(Module):
    """Runs several predictions at once."""

    threads = 4

    def predict(self, seconds: float = 0.0) -> float:
        time.sleep(seconds)
        return seconds


class NeverReady(Module):
    """Cannot be loaded."""

    def load(self, model: Folder | None) -> None:
        raise RuntimeError("the weights are missing")

    def predict(self) -> None: ...


class HangsLater(Module):
    """Can be loaded once; then it takes for ever."""

    def load(self, model: Folder | None) -> None:
        marker = Path(os.environ["ODD_MARKER"])
        if marker.exists():
            time.sleep(100)
        marker.touch()

    def predict(self) -> None:
        os._exit(8)


class DiesLater(Module):
    """Can be loaded once; then never again."""

    def load(self, model: Folder | None) -> None:
        marker = Path(os.environ["ODD_MARKER"])
        if marker.exists():
            os._exit(9)
        marker.touch()

    def predict(self) -> None:
        os._exit(8)


class Trainable(Module):
    """Learns a name."""

    def predict(self, options: dict[str, Any] | None = None) -> str:
        return "ok"

    def train(
        self,
        run: Training,
        dataset: Folder,
        epochs: Annotated[int, Arg(ge=1, le=100)] = 1,
        options: dict[str, Any] | None = None,
        list_file: File | None = None,
    ) -> dict[str, int]:
        return {"epochs": epochs}


def _refuse() -> None:
    raise BadInput({"act": ["is bad", "very bad"]})


def _deaf(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(BaseException):
            time.sleep(0.05)


def _print() -> str:
    print("printed by the module")
    os.write(1, b"raw bytes on 1\n")
    os.write(2, b"raw bytes on 2\n")
    return "printed"


def _child() -> int:
    return subprocess.Popen(["sleep", "300"]).pid
