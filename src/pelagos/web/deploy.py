"""The form to deploy a module, a JupyterLab or a command, and to deploy it again with changes."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import shlex
import uuid
from collections.abc import Mapping, Sequence

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.domain import errors
from pelagos.identity import Role
from pelagos.runtime import errors as http_errors
from pelagos.runtime.console import pickers
from pelagos.web import desk as desks
from pelagos.web import run_needs, run_recipes

KEY = "_key"
KINDS: Mapping[orchestrator.What, str] = {
    orchestrator.What.MODULE: "The module: its API and its console",
    orchestrator.What.JUPYTER: "JupyterLab",
    orchestrator.What.COMMAND: "A command of your own",
}
_MOST_MODELS = 200


@dataclasses.dataclass(frozen=True)
class Filled:
    """How the form is filled in."""

    module: str
    values: Mapping[str, str]
    needs: run_needs.Needs
    faults: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    error: str = ""
    hint: str = ""
    changed: orchestrator.Deployment | None = None
    """The deployment that is to be changed; None for a new one."""
    status: int = 200


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    new, change = "/modules/{name}/deploy", "/deployment/{id}/change"
    return [
        Route(new, functools.partial(show, desk), methods=["GET"]),
        Route(new, functools.partial(create, desk), methods=["POST"]),
        Route(change, functools.partial(show_change, desk), methods=["GET"]),
        Route(change, functools.partial(change_, desk), methods=["POST"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the form for something new; the query fills it in."""
    module = request.path_params["name"]
    await asyncio.to_thread(desk.hub.modules.find, module)
    values = dict(request.query_params)
    return await _page(desk, request, Filled(module, values, run_needs.read(values)))


async def show_change(desk: desks.Desk, request: Request) -> Response:
    """Draw the form as it was filled in for a deployment."""
    found = await asyncio.to_thread(desk.hub.deployments.get, request.path_params["id"])
    wish: orchestrator.Wish = found.wish
    values = {
        "title": wish.title,
        "what": str(wish.what),
        "command": shlex.join(wish.command),
        "model": wish.model or "",
        "replicas": str(wish.replicas),
        "idle_minutes": f"{wish.idle_stop_s / 60:g}" if wish.idle_stop_s else "",
        "wake": "true" if wish.wake else "",
    }
    needs = run_needs.of(wish.resources, wish.site)
    return await _page(desk, request, Filled(wish.module, {**values, "_sent": "1"}, needs, changed=found))


async def create(desk: desks.Desk, request: Request) -> Response:
    """Deploy, and show the deployment; with faults show the form again, everything in it as it was."""
    filled = await _posted(request, request.path_params["name"], None)
    try:
        wish = _allowed(request, _wish(filled))
        key = filled.values.get(KEY, "")[:64] or None
        found = await asyncio.to_thread(desk.hub.deployments.create, wish, key, desks.asking(request))
    except errors.PelagosError as error:
        return await _page(desk, request, _refused(filled, error))
    return RedirectResponse(f"/deployment/{found.id}", status_code=303)


async def change_(desk: desks.Desk, request: Request) -> Response:
    """Deploy it again with changes, and show it."""
    known = await asyncio.to_thread(desk.hub.deployments.get, request.path_params["id"])
    filled = await _posted(request, known.wish.module, known)
    try:
        wish = _allowed(request, _wish(filled))
        await asyncio.to_thread(desk.hub.deployments.update, known.id, wish, desks.asking(request))
    except errors.PelagosError as error:
        return await _page(desk, request, _refused(filled, error))
    return RedirectResponse(f"/deployment/{known.id}", status_code=303)


async def _posted(request: Request, module: str, changed: orchestrator.Deployment | None) -> Filled:
    values = await desks.said(request)
    return Filled(module, values, run_needs.read(values), changed=changed)


def _wish(filled: Filled) -> orchestrator.Wish:
    """Read the form. Raises InvalidInput with every fault that shows without asking anybody."""
    said = filled.values
    faults = {name: [text] for name, text in filled.needs.faults.items()}
    what = said.get("what", orchestrator.What.MODULE)
    if what not in set(orchestrator.What):
        faults["what"] = [f"'{what[:80]}' is none of {', '.join(orchestrator.What)}"]
    try:
        command = tuple(shlex.split(said.get("command", "")))
    except ValueError as error:
        faults["command"], command = [f"cannot be read: {error}"], ()
    replicas, idle = said.get("replicas", "").strip() or "1", said.get("idle_minutes", "").strip()
    if not (replicas.isascii() and replicas.isdecimal() and len(replicas) < 4):
        faults["replicas"] = [f"'{replicas[:80]}' is not a whole number from 1"]
    if idle and not run_needs.is_amount(idle):
        faults["idle_stop_s"] = [f"'{idle[:80]}' is not a number of minutes above 0"]
    if faults:
        raise errors.InvalidInput(faults)
    chosen = orchestrator.What(what)
    return orchestrator.Wish(
        module=filled.module,
        what=chosen,
        command=command if chosen is orchestrator.What.COMMAND else (),
        title=said.get("title", "").strip(),
        model=(said.get("model") or None) if chosen is orchestrator.What.MODULE else None,
        resources=filled.needs.resources,
        replicas=int(replicas),
        idle_stop_s=float(idle.replace(",", ".")) * 60 if idle else None,
        wake=said.get("wake") == "true",
        site=filled.needs.site,
    )


def _allowed(request: Request, wish: orchestrator.Wish) -> orchestrator.Wish:
    if wish.opens_machine:
        desks.require(request, Role.ADMIN)
    return wish


def _refused(filled: Filled, error: errors.PelagosError) -> Filled:
    faults = error.faults if isinstance(error, errors.InvalidInput) else {}
    return dataclasses.replace(
        filled,
        needs=filled.needs.with_faults(faults),
        faults=faults,
        error="This needs another look:" if faults else error.message,
        hint=error.hint,
        status=http_errors.status_of(error),
    )


async def _page(desk: desks.Desk, request: Request, filled: Filled) -> Response:
    models, plan, title = await asyncio.gather(
        asyncio.to_thread(_models, desk, filled.module),
        run_needs.plan(desk, filled.needs, "service"),
        asyncio.to_thread(desk.module_title, filled.module),
    )
    new = filled.changed is None
    return desk.page(
        request,
        "deploy.html",
        title=f"Deploy {filled.module}" if new else "Deploy with changes",
        section="modules" if new else "deployments",
        http_status=filled.status,
        filled=filled,
        module_title=title,
        here=f"/modules/{filled.module}/deploy"
        if filled.changed is None
        else f"/deployment/{filled.changed.id}/change",
        kinds=KINDS,
        chosen=filled.values.get("what") or str(orchestrator.What.MODULE),
        # A switch that is off sends nothing, so an unsent form is told from one that says no.
        wake=filled.values.get("wake") == "true" or "_sent" not in filled.values,
        models=models,
        plan=plan,
        key=filled.values.get(KEY) or uuid.uuid4().hex,
        recipe=run_recipes.deploy(desk.origin(request), filled.module, filled.values.get("model", "")),
    )


def _models(desk: desks.Desk, module: str) -> list[pickers.Option]:
    """List what predictions may use: aliases first, as they go on to mean the best model, then the models."""
    found = desk.hub.models.list(module=module, limit=_MOST_MODELS)
    aliases = sorted(alias for model in found for alias in model.aliases)
    named = [pickers.Option(model.id, f"{model.title or 'model'} {model.id[:8]}") for model in found]
    return [pickers.Option("", "pretrained"), *(pickers.Option(alias, f"{alias} (alias)") for alias in aliases), *named]
