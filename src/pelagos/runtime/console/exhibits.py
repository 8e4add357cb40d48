"""What the page of a run shows beside its state: arguments, result, curves, log and files, from its run folder.

Nothing here knows a server: the console of one module and the hub's dashboard show the same things.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, StreamingResponse

from pelagos import jobs as jobs_room
from pelagos.domain import errors, records
from pelagos.runtime.console import charts, described, fields, following, logs, results
from pelagos.runtime.console import desk as desks

FILES = 60
POINTS = 40
METRICS = 12
RESULT_CHARACTERS = 20_000
HIDDEN = "(secret)"
_PLACES = ("model", "outputs", "result.json", "metrics.jsonl", "log")


@dataclasses.dataclass(frozen=True)
class File:
    """One file to fetch; the name is its path in the run folder."""

    name: str
    size: int


@dataclasses.dataclass(frozen=True)
class ArgumentRow:
    """One argument, and what it was in the run it is compared with."""

    name: str
    value: str
    other: str = ""
    changed: bool = False
    usual: bool = False
    """Whether it is at its default, in both."""


def arguments(
    parameters: described.Parameters, job: records.Job, other: records.Job | None = None
) -> list[ArgumentRow]:
    """List the arguments in their author's order, beside those of another run."""
    usual = described.defaults(parameters)
    mine, theirs = texts(job.arguments, parameters), texts(other.arguments, parameters) if other else {}
    names = dict.fromkeys([*described.order(parameters), *mine, *theirs])
    return [_argument_row(name, mine, theirs, job, other, usual) for name in names if name in mine or name in theirs]


def texts(arguments: Mapping[str, Any], parameters: described.Parameters) -> dict[str, str]:
    """Write arguments for people, secrets veiled, long values cut."""
    hidden = described.hidden(parameters, arguments)
    return {name: HIDDEN if name in hidden else _short(fields.shown(value)) for name, value in arguments.items()}


def result(job: records.Job) -> dict[str, Any]:
    """Read the headline figures, the confusion matrix and the rest of what the module returned."""
    small = len(desks.json_text(job.result)) <= RESULT_CHARACTERS
    return {
        "numbers": results.figures(job.result),
        "notes": results.notes(job.result),
        "matrix": results.matrix(job.result),
        "classes": results.per_class(job.result),
        "result": job.result if small else None,
    }


def points(folder: jobs_room.RunFolder) -> dict[str, Any]:
    """Read the last figures of the curves, for those who read without a script."""
    rows, _ = folder.metrics()
    steps: dict[Any, dict[str, Any]] = {}
    for row in rows:
        steps.setdefault(row.get("step"), {}).update(row)
    last = list(steps.values())[-POINTS:]
    return {"points": last, "points_cut": len(steps) > POINTS, "metrics": charts.names(last)[:METRICS]}


def log(folder: jobs_room.RunFolder, wanted: str, here: str, job: records.Job) -> dict[str, Any]:
    """Read the log's tail, only lines with `wanted`, and say from where a stream goes on."""
    size = folder.log(0, 0).size
    start = max(0, size - logs.TAIL_BYTES)
    data = logs.whole(folder.log(start, size - start).data)
    lines = logs.tail(data, first=start == 0)
    shown = [line for line in lines if wanted.lower() in line.lower()]
    place = following.Place(start + len(data), 0)
    return {
        "log": shown,
        "log_size": size,
        "log_cut": start > 0 or len(lines) == logs.TAIL_LINES,
        "log_filter": wanted,
        # A deleted run has nothing to send.
        "stream": "" if job.deleted else f"{here}/stream?from={place}",
    }


def files(folder: jobs_room.RunFolder) -> dict[str, Any]:
    """List what can be fetched."""
    found: list[File] = []
    for name in _PLACES:
        found += _listed(folder.path, folder.path / name)
    return {"files": found[:FILES], "files_cut": max(0, len(found) - FILES), "folder": str(folder.path)}


def send_log(folder: jobs_room.RunFolder, name: str) -> StreamingResponse:
    """Send the whole log, as it is, piece by piece."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.log"'}
    return StreamingResponse(_whole_log(folder), media_type="text/plain; charset=utf-8", headers=headers)


async def send_file(folder: jobs_room.RunFolder, name: str) -> FileResponse:
    """Send one file of the run folder; only those that the page lists. Raises NotFound."""
    path = await asyncio.to_thread(_inside, folder.path, name)
    # As a download and as mere bytes: whatever a module wrote is never shown as a page of ours.
    return FileResponse(path, media_type="application/octet-stream", filename=Path(name).name)


async def _whole_log(folder: jobs_room.RunFolder) -> AsyncIterator[bytes]:
    start = 0
    while data := (await asyncio.to_thread(folder.log, start)).data:
        yield data
        start += len(data)


def _argument_row(
    name: str,
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    job: records.Job,
    other: records.Job | None,
    usual: Mapping[str, Any],
) -> ArgumentRow:
    changed = other is not None and job.arguments.get(name) != other.arguments.get(name)
    at_default = name in usual and job.arguments.get(name, ...) == usual[name]
    return ArgumentRow(name, mine.get(name, ""), theirs.get(name, ""), changed, at_default and not changed)


def _short(text: str) -> str:
    return text if len(text) <= 400 else text[:400] + " …"


def _listed(root: Path, place: Path) -> Sequence[File]:
    paths = sorted(place.rglob("*")) if place.is_dir() else [place]
    files = [path for path in paths if path.is_file() and not path.is_symlink()]
    return [File(path.relative_to(root).as_posix(), path.stat().st_size) for path in files]


def _inside(folder: Path, name: str) -> Path:
    place, path = name.partition("/")[0], folder / name
    # Resolved, so that neither `..` nor a link that a module left leads out of what is listed; beside it lies the
    # run's own record, which has its secrets.
    if place not in _PLACES or not path.resolve().is_relative_to(folder.resolve() / place) or not path.is_file():
        raise errors.NotFound("The run has no such file.")
    return path
