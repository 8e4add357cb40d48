"""The hub's data sets: upload, browse, delete."""

from __future__ import annotations

import asyncio
import functools
import mimetypes
import re
import urllib.parse
import uuid
from collections.abc import Hashable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.runtime import errors as http_errors
from pelagos.web import acts, paging, run_recipes, train, train_data
from pelagos.web import desk as desks

ENTRIES = 200
_PICTURES = re.compile(r"image/(png|jpeg|gif|webp)")


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these pages."""
    desk.live.add("datasets", functools.partial(_mark, desk))
    page = "/datasets/{name}"
    return [
        Route("/datasets", functools.partial(show, desk), methods=["GET"]),
        Route("/datasets", functools.partial(add, desk), methods=["POST"]),
        Route(page, functools.partial(browse, desk), methods=["GET"]),
        Route(f"{page}/delete", functools.partial(ask, desk), methods=["GET"]),
        Route(f"{page}/delete", functools.partial(delete, desk), methods=["POST"]),
        Route(f"{page}/files/{{inner:path}}", functools.partial(file, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the list and the form to add one."""
    return await _list(desk, request, train_data.Chosen(source="upload"), {})


async def add(desk: desks.Desk, request: Request) -> Response:
    """Make a data set of what the form brings, and show it."""
    async with train.form(desk, request) as body:
        chosen = train_data.read(body.form)
        try:
            if chosen.source not in ("upload", "url"):
                raise errors.InvalidInput({train_data.FROM: ["Choose files, or give an address."]})
            if chosen.source == "url":
                key = dict(body.fields()).get("_key", [""])[0]
                await asyncio.to_thread(train_data.fetch, desk, chosen, key=key, person=desks.asking(request))
                return RedirectResponse("/datasets", status_code=303)
            stored = await train_data.keep(desk, chosen, body)
        except errors.PelagosError as error:
            faults = error.faults if isinstance(error, errors.InvalidInput) else {"": [error.message]}
            return await _list(desk, request, chosen, faults, http_errors.status_of(error))
    return RedirectResponse(_address(stored.dataset), status_code=303)


async def browse(desk: desks.Desk, request: Request) -> Response:
    """List the files of a data set, or of a folder in it (`?in=`)."""
    name, inner = request.path_params["name"], request.query_params.get("in", "").strip("/")
    dataset = await asyncio.to_thread(desk.hub.datasets.get, name)
    number = paging.number(request)
    # One more than is shown tells whether there is a next page, without counting them all.
    found = await asyncio.to_thread(
        functools.partial(desk.hub.datasets.entries, name, inner, limit=ENTRIES + 1, offset=(number - 1) * ENTRIES)
    )
    pages = paging.pages(request, (number - 1) * ENTRIES + len(found), ENTRIES)
    return desk.page(
        request,
        "dataset.html",
        title=name,
        section="datasets",
        dataset=dataset,
        here=_address(name),
        inner=inner,
        way=_way(inner),
        entries=found[:ENTRIES],
        pages=pages,
        recipe=run_recipes.dataset(desk.origin(request), name),
    )


async def file(desk: desks.Desk, request: Request) -> Response:
    """Send one file as a download; a picture may also be looked at, and nothing else."""
    path = await asyncio.to_thread(desk.hub.datasets.path, request.path_params["name"], request.path_params["inner"])
    if not path.is_file():
        raise errors.NotFound("That is no file.")
    kind = mimetypes.guess_type(path.name)[0] or ""
    if _PICTURES.fullmatch(kind):
        return FileResponse(path, media_type=kind, content_disposition_type="inline", filename=path.name)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def ask(desk: desks.Desk, request: Request) -> Response:
    """Ask before a data set is deleted."""
    dataset = await asyncio.to_thread(desk.hub.datasets.get, request.path_params["name"])
    return desk.confirm(
        request,
        question=f"Delete data set {dataset.name}?",
        consequence=f"Its {dataset.files:,} files are removed for good. Models that were trained on it stay.",
        act="Delete it",
        back=_address(dataset.name),
    )


async def delete(desk: desks.Desk, request: Request) -> Response:
    """Delete a data set."""
    await asyncio.to_thread(desk.hub.datasets.delete, request.path_params["name"])
    return RedirectResponse("/datasets", status_code=303)


async def _list(
    desk: desks.Desk,
    request: Request,
    chosen: train_data.Chosen,
    faults: Mapping[str, Sequence[str]],
    http_status: int = 200,
) -> Response:
    live = await desk.live.address("datasets", "acts")
    found = await asyncio.to_thread(desk.hub.datasets.list)
    text = request.query_params.get("text", "")[:200]
    wanted = [each for each in found if text.lower() in each.name.lower()]
    pages = paging.pages(request, len(wanted))
    return desk.page(
        request,
        "datasets.html",
        title="Data sets",
        section="datasets",
        http_status=http_status,
        live=live,
        datasets=wanted[pages.offset : pages.offset + pages.size],
        pages=pages,
        total=len(wanted),
        acts=await asyncio.to_thread(acts.recent, desk, orchestrator.Kind.DATASET),
        key=uuid.uuid4().hex,
        text=text,
        chosen=chosen,
        faults=[message for said in faults.values() for message in said],
        recipe=run_recipes.datasets(desk.origin(request)),
    )


def _address(name: str) -> str:
    return f"/datasets/{urllib.parse.quote(name, safe='')}"


def _way(inner: str) -> list[tuple[str, str]]:
    """Give the folders that lead to a folder: their names and addresses."""
    parts = inner.split("/") if inner else []
    return [(part, "?" + urllib.parse.urlencode({"in": "/".join(parts[: at + 1])})) for at, part in enumerate(parts)]


def _mark(desk: desks.Desk) -> Hashable:
    return tuple((each.name, each.created) for each in desk.hub.datasets.list())
