"""Try a module: a form drawn from its description, filled in by its card's examples, answered by a deployment of it.

The form goes to the console of the deployment, which draws the answer as it does for `pelagos run`. Where none runs,
one that stops when nobody uses it is started from here.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.catalog import card
from pelagos.domain import errors
from pelagos.runtime.console import fields, predicting
from pelagos.runtime.console import recipes as acts
from pelagos.web import desk as desks
from pelagos.web import recipes, shelf, using

IDLE_STOP_S = 900.0
"""What is started to try a module stops when nobody has used it for so long."""


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [
        Route("/modules/{name}/try", functools.partial(show, desk), methods=["GET"]),
        Route("/modules/{name}/try", functools.partial(start, desk), methods=["POST"]),
        Route("/modules/{name}/examples/{number:int}/{argument}", functools.partial(file, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the form; `example` in the address fills in one of the card's examples."""
    live = await desk.live.address("deployments")
    entry = await asyncio.to_thread(shelf.find, desk, request.path_params["name"])
    if entry.installed is None:
        return RedirectResponse(using.address(entry.card.name), status_code=302)
    description = await asyncio.to_thread(desk.hub.modules.describe, entry.installed)
    serving = await asyncio.to_thread(shelf.serving, desk, entry.card.name)
    method = shelf.method(description, "predict") or {"parameters": []}
    chosen = _chosen(request, entry.card)
    files = using.files_of(method, entry.card.examples[chosen - 1]) if chosen else {}
    given = dict(entry.card.examples[chosen - 1].input) if chosen else {}
    return desk.page(
        request,
        "try.html",
        title=f"Try {entry.card.title}",
        section="modules",
        live=live,
        card=entry.card,
        here=using.address(entry.card.name, "/try"),
        about=using.address(entry.card.name),
        form=[field for field in fields.fields(method, values=given) if field.name != predicting.MODEL],
        examples=[each.name or f"Example {number}" for number, each in enumerate(entry.card.examples, start=1)],
        chosen=chosen,
        files={argument: using.address(entry.card.name, f"/examples/{chosen}/{argument}") for argument in files},
        names=files,
        serving=serving,
        ready=serving is not None and serving.state in shelf.RUNNING,
        console=_console(serving, description),
        outcome=predicting.Outcome(),
        recipe=_recipe(desk, request, entry.card, description, serving),
    )


async def start(desk: desks.Desk, request: Request) -> Response:
    """Start a deployment to try the module with, unless one is there."""
    name = request.path_params["name"]
    entry = await asyncio.to_thread(shelf.find, desk, name)
    if await asyncio.to_thread(shelf.serving, desk, entry.card.name) is None:
        wish = orchestrator.Wish(module=entry.card.name, title=f"Try {entry.card.title}", idle_stop_s=IDLE_STOP_S)
        await asyncio.to_thread(desk.hub.deployments.create, wish, person=desks.asking(request))
    return RedirectResponse(using.address(entry.card.name, "/try") + _query(request), status_code=303)


async def file(desk: desks.Desk, request: Request) -> Response:
    """Send the file that an example names; no other file of the module's folder."""
    entry = await asyncio.to_thread(shelf.find, desk, request.path_params["name"])
    number, argument = request.path_params["number"], request.path_params["argument"]
    examples = entry.card.examples
    said = examples[number - 1].input.get(argument) if 1 <= number <= len(examples) else None
    if entry.folder is None or not isinstance(said, str):
        raise errors.NotFound("The example has no such file.")
    path = await asyncio.to_thread(_inside, entry.folder, said)
    # As mere bytes: what an author brings is never shown as a page of ours.
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


def _inside(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise errors.NotFound("The example has no such file.")
    return path


def _chosen(request: Request, each: card.Card) -> int:
    said = request.query_params.get("example", "")
    number = int(said) if said.isascii() and said.isdecimal() and len(said) < 4 else 0
    return number if 1 <= number <= len(each.examples) else 0


def _console(serving: orchestrator.Deployment | None, description: Mapping[str, Any]) -> str:
    if serving is None:
        return ""
    return f"/deployments/{serving.id}/console/modules/{description['name']}/predict"


def _query(request: Request) -> str:
    return f"?{request.url.query}" if request.url.query else ""


def _recipe(
    desk: desks.Desk,
    request: Request,
    each: card.Card,
    description: Mapping[str, Any],
    serving: orchestrator.Deployment | None,
) -> acts.Recipe:
    method = shelf.method(description, "predict") or {"parameters": []}
    said = using.said_by(each, method)
    base = f"{desk.origin(request)}/deployments/{serving.id if serving else 'DEPLOYMENT'}"
    written = acts.predict(base, description["name"], method, said)
    return acts.Recipe(written.command, recipes.with_token(written.curl), written.python)
