"""People, and what they may do."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Protocol

from pelagos.domain import errors


class Role(enum.StrEnum):
    """What a person may do."""

    USER = "user"
    """Look, run and deploy."""
    REVIEWER = "reviewer"
    """Accept modules into the catalog."""
    ADMIN = "admin"
    """Change settings and sources, and what belongs to others."""


@dataclasses.dataclass(frozen=True)
class Person:
    """Somebody who has shown who they are."""

    name: str
    roles: frozenset[Role]
    via: str
    """How they showed it: `session` or `token`."""
    session: str = ""
    """The id of that session."""

    def require(self, role: Role) -> None:
        """Raise Forbidden unless the person has the role."""
        if role not in self.roles:
            raise errors.Forbidden(f"This needs the role {role}, which {self.name} does not have.")


@dataclasses.dataclass(frozen=True)
class Session:
    """A browser that is logged in."""

    id: str
    """Tells it from others and opens nothing."""
    created: datetime.datetime
    used: datetime.datetime
    """When it was last seen, to about five minutes."""
    agent: str
    """The browser, such as `Firefox on Linux`."""


class People(Protocol):
    """Whoever knows the people of a hub. Every answer may take a database's time."""

    def redeem(self, key: str, agent: str = "") -> str:
        """Give a new session for a login key; raises Unauthenticated. `agent` is how the browser calls itself."""

    def by_session(self, session: str) -> Person | None:
        """Find the person of a session that has not ended."""

    def by_token(self, token: str) -> Person | None:
        """Find the person of a program's token."""

    def end(self, session: str) -> None:
        """End a session; silent when there is none."""
