"""The list of trainings, live, with filters that the address holds."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import functools
import urllib.parse
from collections.abc import AsyncIterator, Hashable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos.domain import records, states
from pelagos.runtime.console import described, events, recipes
from pelagos.runtime.console import desk as desks
from pelagos.runtime.console import status as statuses

PAGE = 50


@dataclasses.dataclass(frozen=True)
class Filters:
    """What the list is narrowed to."""

    state: str = ""
    module: str = ""
    text: str = ""
    deleted: bool = False
    page: int = 1

    @property
    def any(self) -> bool:
        """Whether it is narrowed at all."""
        return bool(self.state or self.module or self.text)

    def query(self, page: int) -> str:
        """Write them as the query of another page of the list."""
        said = {"state": self.state, "module": self.module, "text": self.text, "deleted": "1" if self.deleted else ""}
        kept = {name: value for name, value in said.items() if value} | ({"page": str(page)} if page > 1 else {})
        return f"?{urllib.parse.urlencode(kept)}" if kept else ""


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [
        Route("/trainings/", functools.partial(show, desk), methods=["GET"]),
        Route("/trainings/stream", functools.partial(stream, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the list."""
    filters = _filters(request)
    rows, total = await asyncio.to_thread(_rows, desk, filters)
    here = desk.address("/trainings/")
    pages = -(-total // PAGE)
    first = next(iter(desk.service.modules.values()))
    module = filters.module or first.name
    return desk.page(
        "trainings.html",
        title="Trainings",
        section="trainings",
        module=filters.module or None,
        here=here,
        this=here + filters.query(filters.page),
        rows=rows,
        total=total,
        filters=filters,
        states=[state.value for state in states.State],
        modules=list(desk.service.modules),
        trainable=module in desk.service.modules and bool(desk.service.modules[module].description["train"]),
        train_module=module,
        previous=here + filters.query(filters.page - 1) if filters.page > 1 else "",
        next=here + filters.query(filters.page + 1) if filters.page < pages else "",
        recipe=recipes.trainings(desks.origin(request, desk.base), module),
    )


async def stream(desk: desks.Desk, _: Request) -> Response:
    """Tell whenever the list looks different."""
    return StreamingResponse(_changes(desk), media_type=events.MEDIA_TYPE, headers=events.HEADERS)


async def _changes(desk: desks.Desk) -> AsyncIterator[bytes]:
    desk.end_with_service()

    async def look() -> tuple[Hashable, bool]:
        return await asyncio.to_thread(_fingerprint, desk), True

    async with desk.watches.follow("trainings", look) as watch:
        seen = watch.changes
        while not watch.ended:
            yield events.KEEP_ALIVE
            if await watch.change(seen, within_s=events.KEEP_ALIVE_S):
                seen = watch.changes
                yield events.event("changed", "1")


def _filters(request: Request) -> Filters:
    query = request.query_params
    state = query.get("state", "")
    page = query.get("page", "1")
    return Filters(
        state=state if state in set(states.State) else "",
        module=query.get("module", ""),
        text=query.get("text", "")[:200],
        deleted=query.get("deleted", "") == "1",
        page=max(1, int(page)) if page.isdecimal() and len(page) < 7 else 1,
    )


def _rows(desk: desks.Desk, filters: Filters) -> tuple[list[statuses.Row], int]:
    wanted: dict[str, Any] = {
        "kind": records.Kind.TRAINING,
        "module": filters.module or None,
        "states": (states.State(filters.state),) if filters.state else (),
        "text": filters.text,
        "deleted": None if filters.deleted else False,
    }
    found = desk.jobs.find(**wanted, limit=PAGE, offset=(filters.page - 1) * PAGE)
    now = datetime.datetime.now(datetime.UTC)
    rows = [
        statuses.row(
            job, desk.jobs.run_folder(job.id), now, described.chosen(desk.parameters(job.module), job.arguments)
        )
        for job in found
    ]
    return rows, desk.jobs.count(**wanted)


def _fingerprint(desk: desks.Desk) -> str:
    newest = desk.jobs.find(kind=records.Kind.TRAINING, limit=PAGE, deleted=None)
    live = [job for job in newest if not job.state.final]
    return statuses.fingerprint(newest, [desk.jobs.run_folder(job.id).progress() for job in live])
