"""The browsers that are logged in."""

from __future__ import annotations

import datetime
from typing import Any

import fastapi

from pelagos.api import asking, shapes

router = fastapi.APIRouter(tags=["The hub"], prefix="/sessions")


class Session(shapes.Shape):
    """A browser that is logged in."""

    id: str
    created: datetime.datetime
    used: datetime.datetime
    agent: str
    current: bool
    """Whether it is the one that asks."""


@router.get("", response_model=shapes.Listed[Session])
def listed(hub: asking.Hub, person: asking.Person) -> dict[str, Any]:
    """List the login sessions, the last begun first."""
    found = [{**vars(each), "current": each.id == person.session} for each in hub.people.sessions()]
    return shapes.listed(found, len(found))


@router.delete("", status_code=204)
def end_others(hub: asking.Hub, person: asking.Person) -> None:
    """End all login sessions but the one that asks; a program's token ends all."""
    hub.people.end_others(person.session)


@router.delete("/{session_id}", status_code=204)
def end(hub: asking.Hub, session_id: str) -> None:
    """End a login session."""
    hub.people.end_session(session_id)
