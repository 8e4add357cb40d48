"""Put the pages together into one guarded application under `/console`."""

from __future__ import annotations

import functools

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from pelagos.domain import errors
from pelagos.runtime import errors as http_errors
from pelagos.runtime import pool
from pelagos.runtime import service as services
from pelagos.runtime.console import (
    about,
    assets,
    ending,
    guard,
    launching,
    monitoring,
    predicting,
    training,
    trainings,
)
from pelagos.runtime.console import desk as desks


def routes(service: services.Service) -> list[BaseRoute]:
    """Give the routes of the console of a service; they lie below its base path."""
    desk = desks.Desk(service)
    pages = Starlette(
        routes=[
            *about.routes(desk),
            *predicting.routes(desk),
            *launching.routes(desk),
            *trainings.routes(desk),
            *training.routes(desk),
            *ending.routes(desk),
            *monitoring.routes(desk),
            Route("/static/{digest}/{name:path}", assets.serve, methods=["GET"]),
        ],
    )
    for kind in (HTTPException, errors.PelagosError, http_errors.Declined, Exception):
        pages.add_exception_handler(kind, functools.partial(_problem, desk))
    pages.add_exception_handler(pool.ClientGone, _nobody)
    return [Mount("/console", app=guard.Guard(pages), name="console")]


async def home(_: Request, service: services.Service) -> Response:
    """Answer `/` for a client that wants HTML."""
    return RedirectResponse(f"{service.settings.base}/console/", status_code=302)


def _nobody(_: Request, __: Exception) -> Response:
    """Answer a client that went away while it was sending."""
    return Response(status_code=499)


def _problem(desk: desks.Desk, _: Request, error: Exception) -> Response:
    """Say on a page of its own what went wrong."""
    status = error.status_code if isinstance(error, HTTPException) else http_errors.status_of(error)
    message, hint = "This is a fault of Pelagos itself; the server's log tells more.", ""
    if isinstance(error, errors.PelagosError):
        message, hint = error.message, error.hint
    elif isinstance(error, HTTPException):
        message = error.detail
    elif isinstance(error, http_errors.Declined):
        message = error.message or str(error.faults or "The request cannot be read.")
    title = "There is no such page" if status == 404 else "That did not work"
    return desk.page("problem.html", title=title, http_status=status, message=message, hint=hint, command="", back="")
