"""The stream of one training: its state, curves and log as they grow, from where the reader left off.

An event's id is the place in both files, `<log>.<metrics>` in bytes. A reader that comes back sends the last one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import json
import re
from collections.abc import AsyncIterator, Callable, Hashable

from starlette.requests import Request

from pelagos import jobs as jobs_room
from pelagos.domain import records
from pelagos.runtime.console import charts, events, logs, watching
from pelagos.runtime.console import status as statuses

PIECE_BYTES = 65_536
BEHIND_BYTES = 262_144
"""A reader that is further behind gets the log's tail only, and is told so."""

_PLACE = re.compile(r"(\d{1,15})\.(\d{1,15})")


@dataclasses.dataclass(frozen=True)
class Place:
    """How far a reader has come, in bytes."""

    log: int = 0
    metrics: int = 0

    def __str__(self) -> str:
        return f"{self.log}.{self.metrics}"


def place(request: Request) -> Place:
    """Read where to go on: the last event's id, else the query."""
    found = _PLACE.fullmatch(request.headers.get("last-event-id", "")) or _PLACE.fullmatch(
        request.query_params.get("from", "")
    )
    return Place(int(found[1]), int(found[2])) if found else Place()


async def follow(
    jobs: jobs_room.Jobs, job_id: str, start: Place, *, watches: watching.Watches, draw: Callable[..., str]
) -> AsyncIterator[bytes]:
    """Give the events of one run until it has ended or the reader has gone; `draw` draws a template."""
    folder = jobs.run_folder(job_id)

    async def look() -> tuple[Hashable, records.Job]:
        job = await asyncio.to_thread(jobs.get, job_id)
        return (job.version, folder.signature()), job

    at, told = start, None
    async with watches.follow(job_id, look) as watch:
        while True:
            # The state is read before the files: what a final run wrote is then all there.
            seen, job = watch.changes, watch.seen
            news, drawn = await watch.shared(draw, functools.partial(asyncio.to_thread, _status, job, folder, draw))
            if news != told:
                told = news
                yield events.event("status", drawn, str(at))
            while piece := await watch.shared(("log", at.log), functools.partial(_read, _log, folder, at.log)):
                at = dataclasses.replace(at, log=piece.end)
                yield events.event("log", piece.data, str(at))
            key = ("metrics", at.metrics)
            if piece := await watch.shared(key, functools.partial(_read, _metrics, folder, at.metrics)):
                at = dataclasses.replace(at, metrics=piece.end)
                yield events.event("metrics", piece.data, str(at))
            if job.state.final:
                yield events.event("end", str(job.state), str(at))
                return
            while not await watch.change(seen, within_s=events.KEEP_ALIVE_S):
                if watch.ended:
                    return
                yield events.KEEP_ALIVE


@dataclasses.dataclass(frozen=True)
class Piece:
    """What one event carries, and where it ends in the file."""

    data: str
    end: int


def _status(job: records.Job, folder: jobs_room.RunFolder, draw: Callable[..., str]) -> tuple[statuses.Status, str]:
    """Give what would be news, and the whole as it is drawn."""
    status = statuses.status(job, folder, datetime.datetime.now(datetime.UTC))
    # A page counts the seconds by itself, and memory alone is no news.
    news = dataclasses.replace(status, took="", memory="", cost="", counting=None)
    return news, draw("status.html", status=status)


async def _read(
    read: Callable[[jobs_room.RunFolder, int], Piece | None], folder: jobs_room.RunFolder, start: int
) -> Piece | None:
    return await asyncio.to_thread(read, folder, start)


def _log(folder: jobs_room.RunFolder, start: int) -> Piece | None:
    """Read the next piece of the log; None at its end."""
    found = folder.log(start, PIECE_BYTES)
    if found.size - start > BEHIND_BYTES:
        start = found.size - PIECE_BYTES // 2
        found = folder.log(start, PIECE_BYTES)
        cut = found.data.find(b"\n") + 1
        found = found._replace(data=found.data[cut:])
        start += cut
    data = logs.whole(found.data)
    if not data:
        return None
    end = start + len(data)
    return Piece(json.dumps({"start": start, "end": end, "text": logs.plain(data.decode("utf-8", "replace"))}), end)


def _metrics(folder: jobs_room.RunFolder, start: int) -> Piece | None:
    rows, end = folder.metrics(start)
    if end == start:
        return None
    told = {"end": end, "rows": charts.thinned(rows), "groups": charts.groups(charts.names(rows))}
    return Piece(json.dumps(told), end)
