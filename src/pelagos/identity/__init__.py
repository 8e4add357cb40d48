"""Who is asking, and what they may do: login links, sessions, the token of programs, and the guard at the door."""

from pelagos.identity.guard import Guard
from pelagos.identity.listening import refuse_beyond_loopback
from pelagos.identity.local import LocalIdentity
from pelagos.identity.people import Person, Role, Session

__all__ = ["Guard", "LocalIdentity", "Person", "Role", "Session", "refuse_beyond_loopback"]
