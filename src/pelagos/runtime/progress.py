"""How far a training is: an addition to V2 for programs, so that they can show what the console page shows."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from pelagos import jobs as jobs_room
from pelagos.domain import records
from pelagos.runtime import answering, trainings


class Progress:
    """Answers `.../train/{uuid}/progress` and `.../train/{uuid}/log`."""

    def __init__(self, trained: trainings.Trainings) -> None:
        self._trained = trained

    async def progress(self, request: Request) -> Response:
        """Give state, fraction, message and the metrics from byte `start` on, and the `start` to go on from."""
        job, jobs = await self._trained.find(request)
        start = answering.whole(request, "start") or 0
        return answering.as_json(await asyncio.to_thread(_seen, jobs, job, start))

    async def log(self, request: Request) -> Response:
        """Give the log from byte `start` on; the header `Pelagos-Next-Start` is where to go on."""
        job, jobs = await self._trained.find(request)
        start = answering.whole(request, "start") or 0
        piece = await asyncio.to_thread(jobs.run_folder(job.id).log, start)
        return Response(piece.data, media_type="text/plain", headers={"Pelagos-Next-Start": str(piece.end)})


def _seen(jobs: jobs_room.Jobs, job: records.Job, start: int) -> dict[str, Any]:
    folder = jobs.run_folder(job.id)
    rows, end = folder.metrics(start)
    progress = folder.progress() or {"fraction": 0.0, "message": ""}
    return {
        "state": job.state,
        "reason": job.reason,
        "fraction": progress["fraction"],
        "message": progress["message"],
        "metrics": list(rows),
        "start": end,
    }
