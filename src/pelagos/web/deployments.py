"""The list of deployments, live, and the page of one: its state, access, logs, and the acts on it."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import AsyncIterator, Hashable
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.runtime.console import logs
from pelagos.web import desk as desks
from pelagos.web import paging, run_recipes

_State = orchestrator.State


@dataclasses.dataclass(frozen=True)
class Access:
    """One way into a deployment."""

    name: str
    address: str


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these pages."""
    desk.live.add("deployments", functools.partial(_mark, desk))
    page = "/deployment/{id}"
    return [
        Route("/deployments", functools.partial(show_all, desk), methods=["GET"]),
        Route(page, functools.partial(show, desk), methods=["GET"]),
        Route(f"{page}/log", functools.partial(log, desk), methods=["GET"]),
        Route(f"{page}/stop", functools.partial(ask, desk, "stop"), methods=["GET"]),
        Route(f"{page}/delete", functools.partial(ask, desk, "delete"), methods=["GET"]),
        Route(f"{page}/{{verb:str}}", functools.partial(act, desk), methods=["POST"]),
    ]


async def show_all(desk: desks.Desk, request: Request) -> Response:
    """Draw the list."""
    live = await desk.live.address("deployments")
    wanted = _wanted(request)
    total, pages, found = await asyncio.to_thread(_found, desk, request, wanted)
    return desk.page(
        request,
        "deployments.html",
        title="Deployments",
        section="deployments",
        live=live,
        deployments=found,
        total=total,
        pages=pages,
        filters={name: request.query_params.get(name, "")[:200] for name in ("text", "state", "module")},
        states=list(_State),
        modules=await asyncio.to_thread(lambda: [each.name for each in desk.hub.modules.list()]),
        recipe=run_recipes.deployments(desk.origin(request)),
    )


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page of one."""
    live = await desk.live.address("deployments")
    found = await asyncio.to_thread(desk.hub.deployments.get, request.path_params["id"])
    said = request.query_params.get("replica", "0")
    replica = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
    history, tail = await asyncio.to_thread(
        lambda: (desk.hub.deployments.history(found.id), _tail(desk, found.id, replica))
    )
    return desk.page(
        request,
        "deployment.html",
        title=found.wish.title or found.wish.module,
        section="deployments",
        live=live,
        found=found,
        here=f"/deployment/{found.id}",
        access=access(found, await asyncio.to_thread(_training, desk, found)),
        startable=found.state in _STARTABLE,
        stoppable=found.state.serving,
        gone=found.state in (_State.DELETE_IN_PROGRESS, _State.DELETE_COMPLETE),
        plan=found.plan.get("rows", ()),
        history=history,
        log=tail,
        replica=replica,
        recipe=run_recipes.deployment(desk.origin(request), found.id),
    )


async def log(desk: desks.Desk, request: Request) -> Response:
    """Send what a replica printed, from its beginning."""
    found = await asyncio.to_thread(desk.hub.deployments.get, request.path_params["id"])
    said = request.query_params.get("replica", "0")
    replica = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
    headers = {"Content-Disposition": f'attachment; filename="{found.id}-{replica}.log"'}
    return StreamingResponse(_whole(desk, found.id, replica), media_type="text/plain; charset=utf-8", headers=headers)


async def ask(desk: desks.Desk, verb: str, request: Request) -> Response:
    """Ask before a deployment is stopped or deleted."""
    found = await asyncio.to_thread(desk.hub.deployments.get, request.path_params["id"])
    name = found.wish.title or found.wish.module
    return desk.confirm(
        request,
        question=f"{verb.capitalize()} {name}?",
        consequence=_CONSEQUENCES[verb],
        act=f"{verb.capitalize()} it",
        back=f"/deployment/{found.id}",
    )


async def act(desk: desks.Desk, request: Request) -> Response:
    """Stop, start or delete a deployment, and show it. Raises Conflict where the orchestrator does."""
    verbs = {
        "stop": desk.hub.deployments.stop,
        "start": desk.hub.deployments.start,
        "delete": desk.hub.deployments.delete,
    }
    verb, deployment_id = request.path_params["verb"], request.path_params["id"]
    if verb not in verbs:
        return desk.problem(request, title="There is no such act", message=f"'{verb}' is none.", http_status=404)
    await asyncio.to_thread(verbs[verb], deployment_id, desks.asking(request))
    return RedirectResponse(f"/deployment/{deployment_id}", status_code=303)


def access(found: orchestrator.Deployment, training: str = "") -> list[Access]:
    """List the ways into a deployment, all through the hub; none while nothing answers.

    `training` is the one that its model comes from, which the monitor then shows.
    """
    place = f"/deployments/{found.id}"
    if not found.state.serving and not (found.idle and found.wish.wake):
        return []
    if found.wish.what is orchestrator.What.JUPYTER:
        return [Access("JupyterLab", f"{place}/lab")]
    if found.wish.what is orchestrator.What.COMMAND:
        return [Access("Open", f"{place}/")]
    ways = [Access("Console", f"{place}/console/"), Access("API", f"{place}/api")]
    return [*ways, *([Access("Monitor", f"{place}/console/trainings/{training}/monitor/")] if training else [])]


_PIECE = 1 << 20
"""What one look at a log gives at most."""
_STARTABLE = frozenset({_State.STOP_COMPLETE, _State.STOP_IN_PROGRESS, _State.CREATE_FAILED, _State.UPDATE_FAILED})
_CONSEQUENCES = {
    "stop": "Requests to it fail until it is started again. Its record and its settings stay.",
    "delete": "Its processes end and its files are removed for good. Its record and history stay.",
}


def _wanted(request: Request) -> dict[str, Any]:
    query = request.query_params
    state = query.get("state", "")
    return {
        "text": query.get("text", "")[:200],
        "states": (_State(state),) if state in set(_State) else (),
        "module": query.get("module") or None,
    }


def _found(
    desk: desks.Desk, request: Request, wanted: dict[str, Any]
) -> tuple[int, paging.Pages, tuple[orchestrator.Deployment, ...]]:
    total = desk.hub.deployments.count(**wanted)
    pages = paging.pages(request, total)
    return total, pages, desk.hub.deployments.find(**wanted, limit=pages.size, offset=pages.offset)


def _training(desk: desks.Desk, found: orchestrator.Deployment) -> str:
    """Give the training that a deployment's model comes from; empty for the pretrained one, or a model that is gone."""
    if not found.wish.model or found.wish.what is not orchestrator.What.MODULE:
        return ""
    try:
        number: str = desk.hub.models.resolve(found.wish.module, found.wish.model)
    except errors.PelagosError:
        return ""
    return number


def _tail(desk: desks.Desk, deployment_id: str, replica: int) -> list[str]:
    """Read the end of a log, whose size nobody tells, without reading all of it."""
    read = functools.partial(desk.hub.deployments.logs, deployment_id, replica=replica)
    near, jump = 0, _PIECE
    while jump >= _PIECE:
        if read(near + jump):
            near, jump = near + jump, jump * 2
        else:
            jump //= 2
    start = max(0, near - logs.TAIL_BYTES)
    data = read(start)
    data = (data + read(start + len(data)))[-logs.TAIL_BYTES :] if data else b""
    return logs.tail(data, first=start == 0 and len(data) < logs.TAIL_BYTES) if data else []


async def _whole(desk: desks.Desk, deployment_id: str, replica: int) -> AsyncIterator[bytes]:
    start = 0
    while piece := await asyncio.to_thread(desk.hub.deployments.logs, deployment_id, start, replica):
        yield piece
        start += len(piece)


def _mark(desk: desks.Desk) -> Hashable:
    return desk.hub.deployments.versions(limit=500)
