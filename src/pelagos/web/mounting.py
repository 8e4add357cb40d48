"""Put the pages together into one guarded application, and say on a page what goes wrong in it."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from pelagos.domain import errors
from pelagos.runtime import errors as http_errors
from pelagos.runtime import pool
from pelagos.runtime.console import guard
from pelagos.web import (
    acts,
    compare,
    datasets,
    deploy,
    deployments,
    models_pages,
    module,
    modules,
    overview,
    proposals,
    run,
    run_needs,
    runs,
    searching,
    settings,
    sites,
    sources,
    train,
    trying,
)
from pelagos.web import desk as desks

PAGES = (
    overview,
    modules,
    module,
    acts,
    trying,
    runs,
    compare,
    run,
    run_needs,
    train,
    models_pages,
    deploy,
    deployments,
    datasets,
    proposals,
    sources,
    sites,
    settings,
    searching,
)
"""Each has `routes(desk)`; what stands first is asked first."""


def routes(hub: desks.Hub, *, stopping: asyncio.Event | None = None, uploads: Path | None = None) -> list[BaseRoute]:
    """Give the routes of the dashboard, to be mounted last: it answers for whatever nobody else knows.

    `stopping` is set when the server begins to stop; pages that follow lists are let go then.
    """
    desk = desks.Desk(hub, stopping, uploads)
    found = [route for page in PAGES for route in page.routes(desk)]
    pages = Starlette(
        routes=[
            *found,
            Route("/live", functools.partial(_live, desk), methods=["GET"]),
            Route("/static/{digest}/{name:path}", desks.ASSETS.serve, methods=["GET"]),
        ]
    )
    for kind in (HTTPException, errors.PelagosError, http_errors.Declined, Exception):
        pages.add_exception_handler(kind, functools.partial(_problem, desk))
    pages.add_exception_handler(pool.ClientGone, _nobody)
    return [Mount("/", app=guard.Guard(pages), name="web")]


def refused(status: int, error: errors.PelagosError) -> str:
    """Write the page for somebody whom the hub's guard does not let in."""
    return desks.drawn("refused.html", status=status, message=error.message, hint=error.hint)


async def _live(desk: desks.Desk, request: Request) -> Response:
    asked = request.query_params
    return desk.live.stream(tuple(dict.fromkeys(asked.getlist("of"))), asked.get("seen", ""))


def _nobody(_request: Request, _error: Exception) -> Response:
    """Answer a client that went away while it was sending."""
    return Response(status_code=499)


def _problem(desk: desks.Desk, request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else http_errors.status_of(error)
    message, hint = "This is a fault of Pelagos itself; the hub's log tells more.", ""
    if isinstance(error, errors.PelagosError):
        message, hint = error.message, error.hint
    elif isinstance(error, HTTPException):
        message = error.detail if status != 404 else f"Nothing is at {request.url.path}."
    elif isinstance(error, http_errors.Declined):
        message = error.message or "The request cannot be read."
    title = {404: "There is no such page", 403: "This is not yours to do"}.get(status, "That did not work")
    return desk.problem(request, title=title, message=message, hint=hint, http_status=status)
