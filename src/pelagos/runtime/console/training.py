"""The page of one training, what it follows, and what can be fetched from its folder."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos import jobs as jobs_room
from pelagos.domain import errors, records, states
from pelagos.runtime.console import charts, events, fields, following, logs, pickers, recipes, results
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import status as statuses

FILES = 60
POINTS = 40
METRICS = 12
RESULT_CHARACTERS = 20_000
_PLACES = ("model", "outputs", "result.json", "metrics.jsonl", "log")
_HIDDEN = "(secret)"


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


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    page = "/trainings/{id}"
    return [
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(f"{page}/stream", functools.partial(stream, desk), methods=["GET"]),
        Route(f"{page}/log", functools.partial(log, desk), methods=["GET"]),
        Route(f"{page}/files/{{name:path}}", functools.partial(file, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page as it is now; a script follows what comes."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    wanted = request.query_params
    told = await asyncio.to_thread(_facts, desk, job, wanted.get("log", "")[:200], wanted.get("compare", ""))
    return desk.page(
        "training.html",
        title=f"Training {job.id[:8]}",
        section="trainings",
        module=job.module if job.module in desk.service.modules else None,
        recipe=recipes.training(desks.origin(request, desk.base), job.module, job.id),
        **told,
    )


async def stream(desk: desks.Desk, request: Request) -> Response:
    """Send what happens, from where the reader left off."""
    job_id = request.path_params["id"]
    await asyncio.to_thread(desk.jobs.get, job_id)
    sent = following.follow(desk, job_id, following.place(request))
    return StreamingResponse(sent, media_type=events.MEDIA_TYPE, headers=events.HEADERS)


async def log(desk: desks.Desk, request: Request) -> Response:
    """Send the whole log, as it is, piece by piece."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    folder = desk.jobs.run_folder(job.id)
    headers = {"Content-Disposition": f'attachment; filename="{job.id}.log"'}
    return StreamingResponse(_whole_log(folder), media_type="text/plain; charset=utf-8", headers=headers)


async def file(desk: desks.Desk, request: Request) -> Response:
    """Send one file of the run folder; only those that the page lists."""
    job = await asyncio.to_thread(desk.jobs.get, request.path_params["id"])
    folder = desk.jobs.run_folder(job.id).path
    name = request.path_params["name"]
    path = await asyncio.to_thread(_inside, folder, name)
    # As a download and as mere bytes: whatever a module wrote is never shown as a page of ours.
    return FileResponse(path, media_type="application/octet-stream", filename=Path(name).name)


async def _whole_log(folder: jobs_room.RunFolder) -> AsyncIterator[bytes]:
    start = 0
    while data := (await asyncio.to_thread(folder.log, start)).data:
        yield data
        start += len(data)


def _facts(desk: desks.Desk, job: records.Job, log_filter: str, compared: str) -> dict[str, Any]:
    folder = desk.jobs.run_folder(job.id)
    here = desk.address(f"/trainings/{job.id}")
    others = pickers.others(desk.jobs, job)
    compared = compared if compared in {other.value for other in others} else ""
    served = desk.service.modules.get(job.module)
    return {
        "job": job,
        "here": here,
        "status": statuses.status(job, folder, datetime.datetime.now(datetime.UTC)),
        "usable": job.state is states.State.DONE and not job.deleted and folder.has_model and served is not None,
        "served": served is not None and bool(served.description["train"]),
        "history": desk.jobs.history(job.id),
        "others": others,
        "compared": compared,
        "argument_rows": _arguments(desk, job, desk.jobs.get(compared) if compared else None),
        **_result(job),
        **_points(folder),
        **_log(folder, log_filter, here, job),
        **_files(folder),
    }


def _arguments(desk: desks.Desk, job: records.Job, other: records.Job | None) -> list[ArgumentRow]:
    hidden, usual = desk.secrets(job.module), desk.defaults(job.module)
    mine, theirs = _texts(job.arguments, hidden), _texts(other.arguments, hidden) if other else {}
    names = dict.fromkeys([*desk.order(job.module), *mine, *theirs])
    return [_argument_row(name, mine, theirs, job, other, usual) for name in names if name in mine or name in theirs]


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


def _texts(arguments: Mapping[str, Any], hidden: frozenset[str]) -> dict[str, str]:
    return {name: _HIDDEN if name in hidden else _short(fields.shown(value)) for name, value in arguments.items()}


def _short(text: str) -> str:
    return text if len(text) <= 400 else text[:400] + " …"


def _result(job: records.Job) -> dict[str, Any]:
    small = len(desks.json_text(job.result)) <= RESULT_CHARACTERS
    return {
        "numbers": results.figures(job.result),
        "matrix": results.matrix(job.result),
        "classes": results.per_class(job.result),
        "result": job.result if small else None,
    }


def _points(folder: jobs_room.RunFolder) -> dict[str, Any]:
    rows, _ = folder.metrics()
    steps: dict[Any, dict[str, Any]] = {}
    for row in rows:
        steps.setdefault(row.get("step"), {}).update(row)
    last = list(steps.values())[-POINTS:]
    return {"points": last, "points_cut": len(steps) > POINTS, "metrics": charts.names(last)[:METRICS]}


def _log(folder: jobs_room.RunFolder, wanted: str, here: str, job: records.Job) -> dict[str, Any]:
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
        # A deleted training has nothing to send.
        "stream": "" if job.deleted else f"{here}/stream?from={place}",
    }


def _files(folder: jobs_room.RunFolder) -> dict[str, Any]:
    found: list[File] = []
    for name in _PLACES:
        found += _listed(folder.path, folder.path / name)
    return {"files": found[:FILES], "files_cut": max(0, len(found) - FILES), "folder": str(folder.path)}


def _listed(root: Path, place: Path) -> Sequence[File]:
    paths = sorted(place.rglob("*")) if place.is_dir() else [place]
    files = [path for path in paths if path.is_file() and not path.is_symlink()]
    return [File(path.relative_to(root).as_posix(), path.stat().st_size) for path in files]


def _inside(folder: Path, name: str) -> Path:
    path = folder / name
    # Resolved, so that neither `..` nor a link that a module left leads out of the folder.
    if name.partition("/")[0] not in _PLACES or not path.resolve().is_relative_to(folder.resolve()):
        raise errors.NotFound("The training has no such file.")
    if not path.is_file():
        raise errors.NotFound("The training has no such file.")
    return path
