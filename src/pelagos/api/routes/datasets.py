"""Data sets: uploads are streamed to disk, never held."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import fastapi
from starlette.requests import Request

from pelagos import orchestrator, storage
from pelagos.api import asking, receiving, shapes

router = fastapi.APIRouter(tags=["Data sets"], prefix="/datasets")

FileName = Annotated[str, fastapi.Query(max_length=200, description="Its name; the ending tells the kind of archive.")]


class Url(shapes.Asked):
    """Where to fetch a data set from."""

    url: str


@router.get("", response_model=shapes.Listed[shapes.Dataset])
def listed(hub: asking.Hub) -> dict[str, Any]:
    """List the data sets."""
    found = hub.datasets.list()
    return shapes.listed(found, len(found))


@router.get("/{name}", response_model=shapes.Dataset)
def show(hub: asking.Hub, name: str) -> storage.Dataset:
    """Give a data set."""
    return hub.datasets.get(name)


@router.get("/{name}/entries", response_model=shapes.Listed[shapes.Entry])
def entries(
    hub: asking.Hub, name: str, inner: str = "", limit: asking.Limit = 100, offset: asking.Offset = 0
) -> dict[str, Any]:
    """List what lies in a data set, or in a folder of it, folders first."""
    found = hub.datasets.entries(name, inner)
    return shapes.listed(found[offset : offset + limit], len(found))


@router.put(
    "/{name}", response_model=shapes.Dataset, status_code=201, openapi_extra=receiving.body("application/octet-stream")
)
async def add_archive(hub: asking.Hub, request: Request, name: str, filename: FileName) -> storage.Dataset:
    """Upload an archive (zip, tar, tar.gz ...) as a data set: `curl -T birds.zip .../birds?filename=birds.zip`."""
    async with receiving.file(request) as path:
        return await asyncio.to_thread(hub.datasets.add_archive, name, path, filename)


@router.post(
    "/{name}/files", response_model=shapes.Dataset, status_code=201, openapi_extra=receiving.body("multipart/form-data")
)
async def add_files(hub: asking.Hub, request: Request, name: str) -> storage.Dataset:
    """Upload files as a data set; the name of each part is the file's path in it."""
    async with receiving.form(request) as body:
        files = await asyncio.to_thread(receiving.placed, body)
        return await asyncio.to_thread(hub.datasets.add_files, name, files, move=True)


@router.post("/{name}/url", response_model=shapes.Act, status_code=202)
def add_url(hub: asking.Hub, person: asking.Person, name: str, source: Url, key: asking.Key = None) -> orchestrator.Act:
    """Begin to fetch an archive or a file from the web as a data set; follow the act at `GET /acts/{act_id}`."""
    return hub.acts.begin(orchestrator.Kind.DATASET, name, {"url": source.url}, key=key, person=person.name)


@router.delete("/{name}", status_code=204)
def delete(hub: asking.Hub, name: str) -> None:
    """Delete a data set."""
    hub.datasets.delete(name)
