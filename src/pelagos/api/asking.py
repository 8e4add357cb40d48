"""What routes ask for beside their own parameters: the hub, who is asking, the part of a list, the idempotency key."""

from __future__ import annotations

from typing import Annotated

import fastapi
from starlette.requests import Request

from pelagos import identity, orchestrator
from pelagos.domain import errors

LONGEST_LIST = 500
FARTHEST = 10**12
"""Of offsets: databases count no farther than to 2**63."""


def _hub(request: Request) -> orchestrator.Hub:
    hub: orchestrator.Hub = request.app.state.hub
    return hub


def _person(request: Request) -> identity.Person:
    person: identity.Person | None = getattr(request.state, "person", None)
    if person is None:
        raise errors.Unauthenticated
    return person


Hub = Annotated[orchestrator.Hub, fastapi.Depends(_hub)]
Person = Annotated[identity.Person, fastapi.Depends(_person)]
Key = Annotated[
    str | None,
    fastapi.Header(
        alias="Idempotency-Key",
        max_length=200,
        description="The same key is the same thing, however often it is sent.",
    ),
]
Limit = Annotated[int, fastapi.Query(ge=1, le=LONGEST_LIST, description="At most so many.")]
Offset = Annotated[int, fastapi.Query(ge=0, le=FARTHEST, description="Leave out so many first.")]
Lines = Annotated[int, fastapi.Query(ge=0, le=100_000, description="Only so many of the last lines.")]
