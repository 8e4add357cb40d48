"""Deployments: what is kept running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import fastapi
from starlette.responses import Response

from pelagos import identity, orchestrator
from pelagos.api import asking, shapes

router = fastapi.APIRouter(tags=["Deployments"], prefix="/deployments")


@router.get("", response_model=shapes.Listed[shapes.Deployment])
def listed(
    hub: asking.Hub,
    text: str = "",
    module: str | None = None,
    state: Annotated[Sequence[orchestrator.State], fastapi.Query()] = (),
    limit: asking.Limit = 50,
    offset: asking.Offset = 0,
) -> dict[str, Any]:
    """List deployments, newest first; those that were deleted only if that state is asked for."""
    wanted: dict[str, Any] = {"text": text, "module": module, "states": tuple(state)}
    found = hub.deployments.find(**wanted, limit=limit, offset=offset)
    return shapes.listed([shapes.deployment(each) for each in found], hub.deployments.count(**wanted))


@router.post("", response_model=shapes.Deployment, status_code=201)
def create(hub: asking.Hub, person: asking.Person, wish: shapes.Wish, key: asking.Key = None) -> shapes.Deployment:
    """Deploy a module, or for admins a JupyterLab or a command. Answers at once; follow its state."""
    return shapes.deployment(hub.deployments.create(_allowed(person, wish), key=key, person=person.name))


@router.get("/{deployment_id}", response_model=shapes.Deployment)
def show(hub: asking.Hub, deployment_id: str) -> shapes.Deployment:
    """Give a deployment."""
    return shapes.deployment(hub.deployments.get(deployment_id))


@router.put("/{deployment_id}", response_model=shapes.Deployment)
def update(hub: asking.Hub, person: asking.Person, deployment_id: str, wish: shapes.Wish) -> shapes.Deployment:
    """Deploy it again with changes: the new replicas come first, then the old ones go."""
    return shapes.deployment(hub.deployments.update(deployment_id, _allowed(person, wish), person=person.name))


@router.post("/{deployment_id}/stop", response_model=shapes.Deployment)
def stop(hub: asking.Hub, person: asking.Person, deployment_id: str) -> shapes.Deployment:
    """End its processes; it can be started again."""
    return shapes.deployment(hub.deployments.stop(deployment_id, person=person.name))


@router.post("/{deployment_id}/start", response_model=shapes.Deployment)
def start(hub: asking.Hub, person: asking.Person, deployment_id: str) -> shapes.Deployment:
    """Start it again."""
    return shapes.deployment(hub.deployments.start(deployment_id, person=person.name))


@router.delete("/{deployment_id}", response_model=shapes.Deployment)
def delete(hub: asking.Hub, person: asking.Person, deployment_id: str) -> shapes.Deployment:
    """End and remove it; its record and history stay."""
    return shapes.deployment(hub.deployments.delete(deployment_id, person=person.name))


@router.get("/{deployment_id}/history", response_model=shapes.Listed[shapes.Move])
def history(hub: asking.Hub, deployment_id: str) -> dict[str, Any]:
    """List its changes of state, oldest first."""
    found = hub.deployments.history(deployment_id)
    return shapes.listed(found, len(found))


@router.get("/{deployment_id}/log", response_class=Response)
def log(
    hub: asking.Hub, deployment_id: str, start: asking.Offset = 0, replica: Annotated[int, fastapi.Query(ge=0)] = 0
) -> Response:
    """Give the log of a replica from byte `start` on, at most 1 MiB at once."""
    return Response(hub.deployments.logs(deployment_id, start, replica), media_type="text/plain; charset=utf-8")


def _allowed(person: identity.Person, asked: shapes.Wish) -> orchestrator.Wish:
    wish = asked.wish()
    if wish.opens_machine:
        person.require(identity.Role.ADMIN)
    return wish
