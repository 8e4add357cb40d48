"""Trained models: the list, and the page of one: its name, aliases, download, and what may be done with it."""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import Hashable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos import jobs, orchestrator
from pelagos.domain import errors, records, states
from pelagos.runtime import errors as http_errors
from pelagos.runtime.console import results
from pelagos.web import desk as desks
from pelagos.web import paging, run_recipes

_WATCHED = 200
"""The newest models are watched."""


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these pages."""
    desk.live.add("models", functools.partial(_mark, desk))
    page = "/models/{id}"
    return [
        Route("/models", functools.partial(show_all, desk), methods=["GET"]),
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(page, functools.partial(change, desk), methods=["POST"]),
        Route(f"{page}/download", functools.partial(download, desk), methods=["GET"]),
        Route(f"{page}/batch", functools.partial(predict_batch, desk), methods=["POST"]),
        Route(f"{page}/delete", functools.partial(ask, desk), methods=["GET"]),
        Route(f"{page}/delete", functools.partial(delete, desk), methods=["POST"]),
    ]


async def show_all(desk: desks.Desk, request: Request) -> Response:
    """Draw the list."""
    live = await desk.live.address("models")
    text, module = request.query_params.get("text", "")[:200], request.query_params.get("module", "")
    total = await asyncio.to_thread(desk.hub.models.count, module or None, text)
    pages = paging.pages(request, total)
    shown = await asyncio.to_thread(
        functools.partial(desk.hub.models.list, module or None, text, limit=pages.size, offset=pages.offset)
    )
    return desk.page(
        request,
        "trained_models.html",
        title="Models",
        section="models",
        live=live,
        models=[(model, _accuracy(model)) for model in shown],
        total=total,
        pages=pages,
        filters={"text": text, "module": module},
        modules=await asyncio.to_thread(lambda: [each.name for each in desk.hub.modules.list()]),
        recipe=run_recipes.models(desk.origin(request)),
    )


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page of one."""
    return await _page(desk, request, {})


async def change(desk: desks.Desk, request: Request) -> Response:
    """Name it, describe it, give it an alias or take one from it, as the pressed button says."""
    model = await asyncio.to_thread(desk.hub.models.get, request.path_params["id"])
    said = await desks.said(request)
    try:
        await asyncio.to_thread(_change, desk, model, said)
    except errors.InvalidInput as error:
        return await _page(desk, request, {**said, "faults": error.faults}, http_errors.status_of(error))
    return RedirectResponse(f"/models/{model.id}", status_code=303)


async def download(desk: desks.Desk, request: Request) -> Response:
    """Send the model as a zip file, while it is packed."""
    model = await asyncio.to_thread(desk.hub.models.get, request.path_params["id"])
    headers = {"Content-Disposition": f'attachment; filename="{model.id}.zip"'}
    return StreamingResponse(desk.hub.models.archive(model.id), media_type="application/zip", headers=headers)


async def predict_batch(desk: desks.Desk, request: Request) -> Response:
    """Start a job that predicts for every file of a data set, and show it."""
    model = await asyncio.to_thread(desk.hub.models.get, request.path_params["id"])
    said = await desks.said(request)
    try:
        job = await asyncio.to_thread(_begin_batch, desk, model, said, desks.asking(request))
    except errors.PelagosError as error:
        faults = error.faults if isinstance(error, errors.InvalidInput) else {"data set": [error.message]}
        return await _page(desk, request, {"faults": faults}, http_errors.status_of(error))
    return RedirectResponse(f"/runs/{job.id}", status_code=303)


async def ask(desk: desks.Desk, request: Request) -> Response:
    """Ask before a model is deleted."""
    model = await asyncio.to_thread(desk.hub.models.get, request.path_params["id"])
    users = await asyncio.to_thread(_users, desk, model)
    used = f" {len(users)} deployment{'s use' if len(users) != 1 else ' uses'} it." if users else ""
    return desk.confirm(
        request,
        question=f"Delete {model.title or 'model ' + model.id[:8]}?",
        consequence="The model and all files of its training are removed for good; nobody can predict with it any "
        f"more. The record of the training stays.{used}",
        act="Delete it",
        back=f"/models/{model.id}",
    )


async def delete(desk: desks.Desk, request: Request) -> Response:
    """Delete a model."""
    await asyncio.to_thread(desk.hub.models.delete, request.path_params["id"])
    return RedirectResponse("/models", status_code=303)


def _found(
    desk: desks.Desk, request: Request, module: str | None, text: str
) -> tuple[paging.Pages, tuple[jobs.TrainedModel, ...]]:
    pages = paging.pages(request, desk.hub.models.count(module, text))
    return pages, desk.hub.models.list(module, text, limit=pages.size, offset=pages.offset)


def _begin_batch(desk: desks.Desk, model: jobs.TrainedModel, said: dict[str, str], person: str) -> records.Job:
    folder = desk.hub.datasets.get(said.get("dataset", "")).path
    key = said.get("key", "")[:64]
    job: records.Job = desk.hub.runs.predict_batch(
        model.module, folder, {}, model=model.id, key=f"{key} {folder}"[:200] if key else None, person=person
    )
    return job


def _change(desk: desks.Desk, model: jobs.TrainedModel, said: dict[str, str]) -> None:
    if "remove" in said:
        desk.hub.models.unalias(model.module, said["remove"])
    elif "alias" in said:
        desk.hub.models.alias(model.id, said["alias"].strip())
    else:
        title, description = said.get("title", "").strip(), said.get("description", "").strip()
        desk.hub.models.describe(model.id, title=title, description=description)


async def _page(desk: desks.Desk, request: Request, said: dict[str, Any], http_status: int = 200) -> Response:
    model = await asyncio.to_thread(desk.hub.models.get, request.path_params["id"])
    users = await asyncio.to_thread(_users, desk, model)
    return desk.page(
        request,
        "trained_model.html",
        title=model.title or f"Model {model.id[:8]}",
        section="models",
        http_status=http_status,
        model=model,
        here=f"/models/{model.id}",
        said={"title": model.title, "description": model.description, "alias": "", "faults": {}, **said},
        datasets=await asyncio.to_thread(desk.hub.datasets.list),
        key=uuid.uuid4().hex,
        numbers=results.figures(model.metrics),
        users=users,
        predicting=next((each for each in users if each.state.serving), None),
        recipe=run_recipes.model(desk.origin(request), model.id),
    )


def _users(desk: desks.Desk, model: jobs.TrainedModel) -> list[orchestrator.Deployment]:
    """List the deployments that predict with a model, by its id or by an alias of it."""
    names = {model.id, *model.aliases}
    return [each for each in desk.hub.deployments.find(module=model.module) if each.wish.model in names]


def _accuracy(model: jobs.TrainedModel) -> str:
    found = results.accuracy(model.metrics)
    return "" if found is None else results.percent(found)


def _mark(desk: desks.Desk) -> Hashable:
    done = desk.hub.jobs.versions(states=(states.State.DONE,), limit=_WATCHED)
    said = tuple((each.id, each.title, each.aliases) for each in desk.hub.models.list(limit=200))
    return done, said
