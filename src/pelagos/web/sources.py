"""Where the catalog's cards come from: add a source, read it again, remove it; what went wrong stays in sight."""

from __future__ import annotations

import asyncio
import functools
import logging
import threading
from collections.abc import Callable, Hashable

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.catalog import source_store
from pelagos.domain import errors
from pelagos.identity import Role
from pelagos.web import desk as desks
from pelagos.web import recipes

KINDS = (source_store.Kind.FOLDER, source_store.Kind.GIT, source_store.Kind.INDEX)

_LOG = logging.getLogger(__name__)


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    desk.live.add("sources", functools.partial(_mark, desk))
    return [
        Route("/sources", functools.partial(show, desk), methods=["GET"]),
        Route("/sources", functools.partial(add, desk), methods=["POST"]),
        Route("/sources/{id}/refresh", functools.partial(refresh, desk), methods=["POST"]),
        Route("/sources/{id}/remove", functools.partial(ask, desk), methods=["GET"]),
        Route("/sources/{id}/remove", functools.partial(remove, desk), methods=["POST"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """List them."""
    return await _page(desk, request)


async def add(desk: desks.Desk, request: Request) -> Response:
    """Add one, and begin to read it."""
    desks.require(request, Role.ADMIN)
    said = await desks.said(request)
    location, kind = said.get("location", "")[:2000].strip(), said.get("kind") or None
    try:
        made = await asyncio.to_thread(desk.hub.sources.add, location, kind)
    except errors.InvalidInput as error:
        return await _page(desk, request, location=location, fault=error.message)
    except errors.Conflict as error:
        return await _page(desk, request, location=location, fault=error.message)
    _in_background(lambda: desk.hub.sources.refresh(made.id))
    return RedirectResponse("/sources", status_code=303)


async def refresh(desk: desks.Desk, request: Request) -> Response:
    """Begin to read one again; the list tells how it went."""
    desks.require(request, Role.ADMIN)
    source = await asyncio.to_thread(desk.hub.sources.get, request.path_params["id"])
    _in_background(lambda: desk.hub.sources.refresh(source.id))
    return RedirectResponse("/sources", status_code=303)


async def ask(desk: desks.Desk, request: Request) -> Response:
    """Ask before removing one."""
    source = await asyncio.to_thread(desk.hub.sources.get, request.path_params["id"])
    return desk.confirm(
        request,
        question=f"Remove the source {source.id}?",
        consequence=f"Its {source.cards} cards leave the catalog. What it brought to be installed stays installed.",
        act="Remove it",
        back="/sources",
    )


async def remove(desk: desks.Desk, request: Request) -> Response:
    """Remove one."""
    desks.require(request, Role.ADMIN)
    await asyncio.to_thread(desk.hub.sources.remove, request.path_params["id"])
    return RedirectResponse("/sources", status_code=303)


async def _page(desk: desks.Desk, request: Request, *, location: str = "", fault: str = "") -> Response:
    return desk.page(
        request,
        "sources.html",
        title="Sources",
        section="modules",
        http_status=422 if fault else 200,
        live=await desk.live.address("sources"),
        sources=await asyncio.to_thread(desk.hub.sources.list),
        kinds=KINDS,
        most_faults=source_store.MOST_FAULTS,
        always=source_store.Kind.INSTALLED,
        location=location,
        fault=fault,
        recipe=recipes.sources(desk.origin(request)),
    )


def _in_background(act: Callable[[], object]) -> None:
    """Do it in a thread of its own: git may take minutes, and a server that stops shall not wait for it."""

    def run() -> None:
        try:
            act()
        except Exception:  # The isolation point: nobody waits for it.
            _LOG.exception("reading a source failed")

    threading.Thread(target=run, name="refresh source", daemon=True).start()


def _mark(desk: desks.Desk) -> Hashable:
    return tuple(desk.hub.sources.list())
