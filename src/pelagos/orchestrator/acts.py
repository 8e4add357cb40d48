"""Long acts of the hub itself: accepted at once, done in a few threads of their own, watched and cancelled meanwhile.

What is accepted is in the database. Each hub holds a lock on a file for life; the next one to start takes over what the
dead ones had begun, so an act is lost by no kill. How far an act is, is known by the process that does it alone.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import fcntl
import functools
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos import identity
from pelagos.domain import clock, errors, idempotency, steps
from pelagos.module import lock
from pelagos.orchestrator import act_store
from pelagos.orchestrator.act_store import Act, Kind, State

LONGEST_QUEUE = 100
"""Acts of one kind that may wait for their turn."""
MOST_TRIES = 3
"""An act that was there when so many hubs died may be why."""
LOOK_S = 0.5
"""How often an act looks whether it is wanted still, and how often one is looked at that somebody waits for."""
_LEAVE_S = 3.0
_FAULT = errors.PelagosError("This is a fault of Pelagos itself; the hub's log tells more.")
_GIVEN_UP = errors.Unavailable("The hub ended every time while this went on.", hint="Look at its log, then try again.")

_LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Doing:
    """How one kind of act is done."""

    do: Callable[[Act, steps.Progress], Mapping[str, Any]]
    """Does it and gives the result. It may be cut off anywhere and called again; the progress it tells may raise."""
    check: Callable[[str, Mapping[str, Any]], object] = lambda _about, _asked: None
    """Raises what can be said against it at once."""
    tidy: Callable[[], object] = lambda: None
    """Removes what was left by a crash."""
    role: identity.Role = identity.Role.ADMIN
    """Who may do it."""
    at_once: int = 1
    """How many may go on at the same time."""


class _Cancelled(Exception):
    """Somebody wants it to end."""


class _Left(Exception):
    """The hub ends; the next one takes it over."""


class Acts:
    """All long acts of one hub. Safe to share among threads; several hubs may use one database and one folder."""

    def __init__(
        self, store: act_store.ActStore, doings: Mapping[Kind, Doing], *, folder: Path, clock: clock.Clock
    ) -> None:
        """Keep the locks of the hubs in `folder`."""
        self._store = store
        self._doings = doings
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[Kind, collections.deque[Act]] = {kind: collections.deque() for kind in doings}
        self._workers: dict[Kind, set[threading.Thread]] = {kind: set() for kind in doings}
        self._steps: dict[str, steps.Step] = {}
        self._stopping = threading.Event()
        self.ended = 0
        """How many acts of this process have ended."""

    def begin(
        self,
        kind: Kind,
        about: str,
        asked: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        person: str = "",
    ) -> Act:
        """Accept an act and return at once.

        With a key it may be called any number of times, at once and from several processes: it is one act. Raises what
        speaks against it as far as that can be told at once, and Busy.
        """
        if too_long := idempotency.faults(key):
            raise errors.InvalidInput(too_long)
        before = self._store.by_key(kind, key) if key else None
        if before is not None:
            return self._told(before)
        now = self._clock.now()
        made = Act(self._clock.new_id(), kind, about, asked or {}, now, now, owner=self._owner, person=person, key=key)
        try:
            self._accept(made)
        except errors.PelagosError:
            # The same act may have been accepted meanwhile, and even have ended.
            first = self._store.by_key(kind, key) if key else None
            if first is None:
                raise
            return self._told(first)
        return self._told(made)

    def get(self, act_id: str) -> Act:
        """Find an act; raises NotFound."""
        return self._told(self._store.get(act_id))

    def find(
        self,
        *,
        kinds: Sequence[Kind] = (),
        states: Sequence[State] = (),
        about: str | None = None,
        limit: int | None = None,
    ) -> tuple[Act, ...]:
        """List acts, newest first."""
        wanted = act_store.conditions(kinds=kinds, states=states, about=about)
        return tuple(map(self._told, self._store.find(*wanted, limit=limit)))

    def cancel(self, act_id: str, person: identity.Person) -> Act:
        """Ask an act to end; what has ended stays as it is, and what is nearly done may come to its end.

        Raises NotFound, and Forbidden for somebody who could not have begun it.
        """
        found = self._store.get(act_id)
        person.require(self._doings[found.kind].role)
        self._store.change(found, cancelling=True)
        with self._lock:
            waiting = [each for each in self._waiting[found.kind] if each.id == act_id]
            for each in waiting:
                self._waiting[found.kind].remove(each)
        for each in waiting:
            self._end(each, state=State.CANCELLED)
        return self.get(act_id)

    async def wait(self, act_id: str) -> Act:
        """Wait until an act has ended. Raises NotFound, and Unavailable when the hub ends before."""
        while not (found := await asyncio.to_thread(self.get, act_id)).final:
            if self._stopping.is_set():
                raise errors.Unavailable("The hub ends; this goes on when it is back.")
            await asyncio.sleep(LOOK_S)
        return found

    def start(self) -> None:
        """Take over what hubs have left that are no more."""
        self._stopping.clear()
        left = self._store.find(*act_store.conditions(states=[State.RUNNING]))
        # After reading them: a hub that starts at the same time may be the owner of one since a moment.
        living = self._living()
        for each in reversed(left):
            if each.owner not in living:
                taken = dataclasses.replace(each, owner=self._owner, tries=each.tries + 1)
                if self._store.change(each, owner=taken.owner, tries=taken.tries):
                    self._enqueue(taken)

    def stop(self) -> None:
        """Begin nothing more, and give what goes on a moment to clean up; it is begun again by the next hub."""
        self._stopping.set()
        end = time.monotonic() + _LEAVE_S
        with self._lock:
            going_on = [worker for working in self._workers.values() for worker in working]
        for worker in going_on:
            worker.join(max(0.0, end - time.monotonic()))
        with self._lock:
            if not any(self._workers.values()):
                self._release()

    @functools.cached_property
    def _owner(self) -> str:
        """Name this process by a file that it holds locked as long as it lives."""
        name = self._clock.new_id()
        self._folder.mkdir(parents=True, exist_ok=True)
        made = self._folder / f".{uuid.uuid4().hex}"
        self._held = os.open(made, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        fcntl.flock(self._held, fcntl.LOCK_EX)
        # Under its name it is locked from the first moment.
        made.rename(self._folder / name)
        return name

    def _release(self) -> None:
        """Leave what waits, and all that was cut off, to the next hub, which may be this one again."""
        for waiting in self._waiting.values():
            waiting.clear()
        if self.__dict__.pop("_owner", None) is not None:
            os.close(self._held)

    def _living(self) -> set[str]:
        """Give the hubs that live, and remove the files of the others."""
        living = {self._owner}
        for path in self._folder.glob("[!.]*"):
            with contextlib.suppress(FileNotFoundError):  # Another hub looks too.
                if path.name not in living and lock.taken(path):
                    living.add(path.name)
                elif path.name not in living:
                    path.unlink()
        return living

    def _accept(self, act: Act) -> None:
        self._doings[act.kind].check(act.about, act.asked)
        if len(self._waiting[act.kind]) >= LONGEST_QUEUE:
            raise errors.Busy("Too many of this kind wait already.")
        self._store.add(act)
        self._enqueue(act)

    def _told(self, act: Act) -> Act:
        """Add how far it is."""
        step = self._steps.get(act.id)
        if act.final or step is None:
            return act
        return dataclasses.replace(act, step=step.text, done=step.done, total=step.total)

    def _enqueue(self, act: Act) -> None:
        self._steps[act.id] = steps.Step("Waiting for its turn")
        with self._lock:
            self._waiting[act.kind].append(act)
            working = self._workers[act.kind]
            if len(working) >= self._doings[act.kind].at_once:
                return
            # Daemons: a server that stops does not wait for an installation.
            worker = threading.Thread(target=self._work, args=(act.kind,), name=f"pelagos-{act.kind}", daemon=True)
            working.add(worker)
            worker.start()

    def _work(self, kind: Kind) -> None:
        while (act := self._next(kind)) is not None:
            try:
                self._do(act)
            except Exception:  # The isolation point: the next one shall have its turn, and the next hub this one.
                _LOG.exception("act %s could not be brought to its end", act.id)

    def _next(self, kind: Kind) -> Act | None:
        with self._lock:
            if self._waiting[kind] and not self._stopping.is_set():
                return self._waiting[kind].popleft()
            self._workers[kind].discard(threading.current_thread())
            return None

    def _do(self, act: Act) -> None:
        doing = self._doings[act.kind]
        try:
            if act.tries > MOST_TRIES or act.cancelling:
                doing.tidy()
                given_up = {} if act.cancelling else {"error": _GIVEN_UP.plain()}
                self._end(act, state=State.CANCELLED if act.cancelling else State.INTERRUPTED, **given_up)
                return
            result = doing.do(act, self._progress(act))
        except _Left:
            return
        except _Cancelled:
            self._end(act, state=State.CANCELLED)
        except errors.PelagosError as error:
            self._end(act, state=State.FAILED, error=error.plain())
        except Exception:  # The isolation point: it belongs to whoever asks how it went.
            _LOG.exception("act %s (%s of %s) failed", act.id, act.kind, act.about)
            self._end(act, state=State.FAILED, error=_FAULT.plain())
        else:
            self._end(act, state=State.DONE, result=result)

    def _progress(self, act: Act) -> steps.Progress:
        """Make what an act tells its steps to; it ends the act from inside."""
        looked = -LOOK_S

        def tell(step: steps.Step) -> None:
            nonlocal looked
            self._steps[act.id] = step
            if self._stopping.is_set():
                raise _Left
            if time.monotonic() - looked < LOOK_S:
                return
            looked = time.monotonic()
            with contextlib.suppress(errors.Unavailable):  # The database is away: it goes on until it is back.
                if self._store.get(act.id).cancelling:
                    raise _Cancelled

        tell(steps.Step("Beginning"))
        return tell

    def _end(self, act: Act, **values: Any) -> None:
        while True:
            try:
                self._store.change(act, changed=self._clock.now(), **values)
                break
            except errors.Unavailable:
                # How it went is not lost while the database is away; else the next hub does it again.
                if self._stopping.wait(LOOK_S):
                    return
        self.ended += 1
        self._steps.pop(act.id, None)
