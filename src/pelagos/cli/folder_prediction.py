"""Predict for every file of a folder: one answer per input, resumable at any moment, one bad file stops nothing.

What exists in the output folder is done: answers are written under a temporary name and renamed. So a second run does
only what is missing, whatever ended the first. That the answers there were made in the same way is seen to by
`made_with`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from pelagos.cli import predicting
from pelagos.domain import errors

ERRORS_FILE = "errors.jsonl"
Told = Callable[["Summary"], None]
Answer = Callable[[Path], Awaitable[tuple[bytes, str]]]


@dataclasses.dataclass
class Summary:
    """What became of the inputs."""

    done: int = 0
    skipped: int = 0
    """Their answers were there already."""
    failed: int = 0
    took_s: float = 0.0
    interrupted: bool = False

    @property
    def total(self) -> int:
        """All inputs that were looked at."""
        return self.done + self.skipped + self.failed

    def as_json(self) -> dict[str, Any]:
        """Give it for programs."""
        return {**dataclasses.asdict(self), "files_per_s": round(self.per_s, 2)}

    @property
    def per_s(self) -> float:
        """Inputs that were predicted, a second."""
        return (self.done + self.failed) / self.took_s if self.took_s else 0.0


def inputs(folder: Path, *, leave_out: Path) -> Iterator[Path]:
    """Give every file below `folder`, in order, without hidden ones and without what lies in `leave_out`."""
    for place, folders, names in os.walk(folder):
        below = Path(place)
        folders[:] = sorted(name for name in folders if not name.startswith(".") and below / name != leave_out)
        yield from (below / name for name in sorted(names) if not name.startswith("."))


class FolderPrediction:
    """One run over a folder; answers older than `since_ns` are out of date, with `force` all that are there."""

    def __init__(
        self,
        folder: Path,
        target: Path,
        *,
        suffixes: Collection[str] = (".json",),
        force: bool = False,
        since_ns: int = 0,
        at_once: int,
        told: Told,
    ) -> None:
        self._folder = folder
        self._target = target
        self._suffixes = suffixes
        self._force = force
        self._since_ns = since_ns
        self._at_once = at_once
        self._told = told
        self.summary = Summary()

    async def run(self, answer: Answer) -> None:
        """Predict for all inputs, `at_once` at a time: memory does not grow with their number.

        Raises what stops everything (no worker can be started, the disk is full); a fault of one input goes to the
        file of errors. When the task is cancelled, what was begun is dropped and what was finished stays.
        """
        began = time.monotonic()
        self._target.mkdir(parents=True, exist_ok=True)
        waiting = inputs(self._folder, leave_out=self._target)
        try:
            with (self._target / ERRORS_FILE).open("w", encoding="utf-8") as faults:
                async with asyncio.TaskGroup() as group:
                    for _ in range(self._at_once):
                        group.create_task(self._take(waiting, answer, faults))
        except* (errors.PelagosError, OSError) as many:
            raise many.exceptions[0] from None
        finally:
            self.summary.took_s = time.monotonic() - began
        if not self.summary.failed:
            (self._target / ERRORS_FILE).unlink()

    async def _take(self, waiting: Iterator[Path], answer: Answer, faults: Any) -> None:
        for path in waiting:
            place = self._target / path.relative_to(self._folder)
            if not self._force and self._is_done(place):
                self.summary.skipped += 1
            else:
                await self._one(path, place, answer, faults)
            self._told(self.summary)

    async def _one(self, path: Path, place: Path, answer: Answer, faults: Any) -> None:
        try:
            body, media_type = await answer(path)
        except (errors.InvalidInput, errors.ModuleFailed, errors.WorkerDied, errors.Timeout) as error:
            self.summary.failed += 1
            line = {"input": str(path.relative_to(self._folder)), "code": error.code, "message": error.message}
            faults.write(json.dumps(line, ensure_ascii=False) + "\n")
            faults.flush()
        else:
            write(place.with_name(place.name + predicting.suffix(media_type)), body)
            self.summary.done += 1

    def _is_done(self, place: Path) -> bool:
        return any(self._counts(place.with_name(place.name + suffix)) for suffix in self._suffixes)

    def _counts(self, answer: Path) -> bool:
        try:
            return answer.stat().st_mtime_ns >= self._since_ns
        except FileNotFoundError:
            return False


def write(path: Path, body: bytes) -> None:
    """Write a file that is there as a whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_bytes(body)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(body)
    temporary.replace(path)
