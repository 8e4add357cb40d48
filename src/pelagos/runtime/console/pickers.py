"""Lists to choose from: the models to predict with, the runs to compare with."""

from __future__ import annotations

import dataclasses

from pelagos import jobs as jobs_room
from pelagos.domain import records
from pelagos.runtime import trained
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import fields, results

MOST = 200


@dataclasses.dataclass(frozen=True)
class Option:
    """One entry."""

    value: str
    text: str


def models(jobs: jobs_room.Jobs | None, module: str) -> list[Option]:
    """List the pretrained model, aliases, and the trained ones, newest first, with date and accuracy."""
    pretrained = Option(trained.PRETRAINED, "pretrained")
    if jobs is None:
        return [pretrained]
    done = {job.id: job for job in jobs.models(module)[:MOST]}
    aliases = {alias: number for alias, number in jobs.aliases(module).items() if number in done}
    named = [Option(alias, f"{alias} · {words(done[number])}") for alias, number in aliases.items()]
    return [pretrained, *named, *(Option(job.id, words(job)) for job in done.values())]


def others(jobs: jobs_room.Jobs, job: records.Job) -> list[Option]:
    """List the other trainings of a job's module, newest first."""
    found = jobs.find(module=job.module, kind=job.kind, limit=MOST, deleted=None)
    return [Option(other.id, words(other)) for other in found if other.id != job.id]


def folders(jobs: jobs_room.Jobs | None, module: str, name: str) -> tuple[str, ...]:
    """List the folders that were given for an argument before, latest first."""
    if jobs is None:
        return ()
    found = jobs.find(module=module, kind=records.Kind.TRAINING, limit=50, deleted=None)
    used = (job.arguments.get(name) for job in found)
    return tuple(dict.fromkeys(fields.shown(value) for value in used if value))[:10]


def words(job: records.Job) -> str:
    """Name a training in a list."""
    accuracy = results.accuracy(job.result)
    reached = f"accuracy {results.percent(accuracy)}" if accuracy is not None else str(job.state)
    return f"{desks.moment(job.finished or job.created)} · {reached} · {job.id[:8]}"
