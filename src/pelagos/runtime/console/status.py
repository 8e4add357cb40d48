"""Say in a few words how a training stands: the head of its page, and its line in the list."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Mapping
from typing import Any

from pelagos import jobs as jobs_room
from pelagos.domain import records, states
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import fields, results

ARGUMENTS_CHARACTERS = 120


@dataclasses.dataclass(frozen=True)
class Status:
    """The head of a training's page."""

    job: records.Job
    took: str
    counting: float | None
    """Of a run that goes on: for how long so far, in seconds; a script counts on."""
    fraction: float | None
    doing: str
    memory: str
    cost: str
    """Hours of processors and accelerators that it has used so far."""
    problem: str

    @property
    def waiting(self) -> bool:
        """Whether it has not been handed to its site."""
        return self.job.state is states.State.QUEUED


@dataclasses.dataclass(frozen=True)
class Row:
    """One line of the list."""

    job: records.Job
    took: str
    counting: float | None
    fraction: float | None
    accuracy: str
    said: str
    """The arguments worth showing, in a line."""


def status(job: records.Job, folder: jobs_room.RunFolder, now: datetime.datetime) -> Status:
    """Read the head of a training's page."""
    told = folder.progress() if not job.state.final else None
    beat = (folder.heartbeat() if not job.state.final else folder.outcome()) or {}
    memory = beat.get("rss_mb", beat.get("peak_rss_mb"))
    bad = job.state in (states.State.FAILED, states.State.LOST)
    return Status(
        job=job,
        took=took(job, now),
        counting=counting(job, now),
        fraction=_fraction(job, told),
        doing=str((told or {}).get("message", "")),
        memory=desks.size(int(memory * 2**20)) if isinstance(memory, int | float) else "",
        cost=_cost(job, beat.get("cpu_s"), now),
        problem=states.ENDINGS[job.reason].text if bad and job.reason is not None else "",
    )


def row(job: records.Job, folder: jobs_room.RunFolder, now: datetime.datetime, said: Mapping[str, Any]) -> Row:
    """Read a training's line in the list; `said` are the arguments worth showing."""
    told = folder.progress() if job.state is states.State.RUNNING else None
    accuracy = results.accuracy(job.result)
    return Row(
        job=job,
        took=took(job, now),
        counting=counting(job, now),
        fraction=_fraction(job, told),
        accuracy="" if accuracy is None else results.percent(accuracy),
        said=_line(said),
    )


def took(job: records.Job, now: datetime.datetime) -> str:
    """Say how long it has run, the wait in the queue left out; nothing when it never began."""
    if job.started is None:
        return ""
    return desks.elapsed(max(0.0, ((job.finished or now) - job.started).total_seconds()))


def counting(job: records.Job, now: datetime.datetime) -> float | None:
    """Give for how long a run that goes on has been running, in seconds."""
    return None if job.started is None or job.state.final else max(0.0, (now - job.started).total_seconds())


def _fraction(job: records.Job, told: dict[str, Any] | None) -> float | None:
    if job.state.final:
        return None
    fraction = (told or {}).get("fraction")
    running = job.state is states.State.RUNNING
    return float(fraction) if isinstance(fraction, int | float) else 0.0 if running else None


def _cost(job: records.Job, cpu_s: Any, now: datetime.datetime) -> str:
    hours = [(cpu_s / 3600, "CPU")] if isinstance(cpu_s, int | float) else []
    if job.resources.gpus and job.started is not None:
        hours.append((job.resources.gpus * ((job.finished or now) - job.started).total_seconds() / 3600, "GPU"))
    return ", ".join(f"{'under 0.01' if used < 0.01 else f'{used:.2f}'} {what} h" for used, what in hours)


def _line(said: Mapping[str, Any]) -> str:
    text = ", ".join(f"{name} {fields.shown(value)}" for name, value in said.items())
    return text if len(text) <= ARGUMENTS_CHARACTERS else text[:ARGUMENTS_CHARACTERS] + " …"


def fingerprint(rows: tuple[records.Job, ...], progress: list[Any]) -> str:
    """Give a text that differs when the list looks different."""
    return json.dumps([[job.id, job.version] for job in rows] + progress, default=str)
