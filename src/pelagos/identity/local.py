"""The one person of a hub without an identity provider: whoever can read its terminal or its token file."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import hmac
import os
import re
import secrets
import stat
import tempfile
from pathlib import Path

import pelagos.db
from pelagos.domain import clock, errors, state_folder
from pelagos.identity import agents, people, store

KEY_LIFE = datetime.timedelta(seconds=60)
IDLE_END = datetime.timedelta(days=30)
"""A session that is not used for so long has ended."""
_NOTED_EVERY = datetime.timedelta(minutes=5)
"""Use is written down that often at most: reading pages shall not write."""
_LONGEST_SECRET = 200
_ID = re.compile(r"[0-9a-f]{16}")
"""A quarter of a session's digest: enough to tell it from all others."""


class LocalIdentity:
    """Knows the local person. Safe to share among threads; several processes may have one on the same state."""

    def __init__(self, database: pelagos.db.Database, *, token_file: Path, clock: clock.Clock) -> None:
        self._store = store.Store(database)
        self._clock = clock
        self._token = _digest(_token(token_file))

    def new_login_key(self) -> str:
        """Make a key that opens one session within the next 60 seconds."""
        key, now = secrets.token_urlsafe(24), self._clock.now()
        self._store.add_key(_digest(key), expires=now + KEY_LIFE, now=now)
        return key

    def redeem(self, key: str, agent: str = "") -> str:
        """Give a new session for a key; raises Unauthenticated for one that is used, too old or unknown."""
        session, now = secrets.token_urlsafe(32), self._clock.now()
        if len(key) > _LONGEST_SECRET or not self._store.exchange(
            _digest(key), _digest(session), agent=agents.short(agent), now=now, idle_since=now - IDLE_END
        ):
            raise errors.Unauthenticated("This login link was used already, or is older than a minute.")
        return session

    def by_session(self, session: str) -> people.Person | None:
        """Find the person of a session; None when it has ended."""
        if not session or len(session) > _LONGEST_SECRET:
            return None
        now, digest = self._clock.now(), _digest(session)
        used = self._store.used(digest)
        if used is None or used <= now - IDLE_END:
            return None
        if used <= now - _NOTED_EVERY:
            self._store.touch(digest, now)
        return _person("session", digest[:16])

    def by_token(self, token: str) -> people.Person | None:
        """Find the person of a token, in a time that says nothing about how much of it is right."""
        return _person("token") if hmac.compare_digest(_digest(token), self._token) else None

    def end(self, session: str) -> None:
        """End a session; may be called twice."""
        self._store.end(_digest(session))

    def sessions(self) -> tuple[people.Session, ...]:
        """List the sessions that have not ended, the last begun first."""
        found = self._store.sessions(self._clock.now() - IDLE_END)
        return tuple(people.Session(row.digest[:16], row.created, row.used, row.agent) for row in found)

    def end_session(self, session_id: str) -> None:
        """End the session with an id; may be called twice. Raises NotFound for what is no id."""
        if not _ID.fullmatch(session_id):
            raise errors.NotFound("There is no such session.")
        self._store.end(session_id)

    def end_others(self, kept: str) -> None:
        """End all sessions but the one with the id `kept`; all of them when it is empty."""
        self._store.end_others(kept)


def _person(via: str, session: str = "") -> people.Person:
    return people.Person("local", frozenset(people.Role), via, session)


def _digest(secret: str) -> str:
    # Secrets are random and long: what slows down the guessing of passwords would add nothing.
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _token(file: Path) -> str:
    """Read the token, made when there is none. Raises Conflict for a file that others can read or that holds none."""
    if not file.exists():
        _make_token(file)
    found = file.stat()
    if stat.S_IMODE(found.st_mode) & 0o077 or found.st_uid != os.geteuid():
        raise errors.Conflict(
            f"{file} holds the hub's token and is not its owner's alone.",
            hint="Delete it: a new token is made at the next start.",
        )
    token = file.read_text(encoding="ascii", errors="replace").strip()
    if len(token) < 32:
        raise errors.Conflict(f"{file} holds no token.", hint="Delete it: a new token is made at the next start.")
    return token


def _make_token(file: Path) -> None:
    """Write a token under another name first: nobody sees half of it, and of several makers the first one counts."""
    state_folder.make(file.parent)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as written:
            written.write(f"{secrets.token_urlsafe(32)}\n")
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()
