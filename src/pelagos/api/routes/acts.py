"""Long acts of the hub itself: data sets that are fetched, installations, proposals, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import fastapi

from pelagos import orchestrator
from pelagos.api import asking, shapes

router = fastapi.APIRouter(tags=["Acts"], prefix="/acts")

_Kinds = Annotated[Sequence[orchestrator.Kind], fastapi.Query()]
_States = Annotated[Sequence[orchestrator.ActState], fastapi.Query()]


@router.get("", response_model=shapes.Listed[shapes.Act])
def listed(hub: asking.Hub, kind: _Kinds = (), state: _States = (), limit: asking.Limit = 50) -> dict[str, Any]:
    """List acts of the last month, newest first."""
    found = hub.acts.find(kinds=kind, states=state)
    return shapes.listed(found[:limit], len(found))


@router.get("/{act_id}", response_model=shapes.Act)
def show(hub: asking.Hub, act_id: str) -> orchestrator.Act:
    """Give an act: how far it is, and in the end its result or its error."""
    return hub.acts.get(act_id)


@router.post("/{act_id}/cancel", response_model=shapes.Act)
def cancel(hub: asking.Hub, person: asking.Person, act_id: str) -> orchestrator.Act:
    """Ask an act to end; one that is nearly done may come to its end. All but data sets are for admins."""
    return hub.acts.cancel(act_id, person)
