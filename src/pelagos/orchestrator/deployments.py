"""The door to deployments: create, look, change, stop, start, delete, and find where their requests go.

Everything here is synchronous and may be called from any thread. All truth is in the database and the run folders, so
any number of processes may have a `Deployments` on the same state at once. The wishes are recorded at once and done by
`reconcile`, which the `Loop` calls.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos import jobs
from pelagos.domain import clock, errors, idempotency
from pelagos.orchestrator import attempts, deployment, health, plans, reconcile, store
from pelagos.sites import driver

MOST_REPLICAS = 64
LONGEST_TITLE = 200
NOTE_USE_EVERY_S = 5.0
"""A use is noted no more often than this, or four times until it is idle: a request shall cost no write."""
LOG_BYTES = 1 << 20
_ATTEMPTS = 50
_ID = frozenset("0123456789abcdef")

_Deployment = deployment.Deployment
_State = deployment.State


class Deployments:
    """All deployments of one state folder."""

    def __init__(
        self,
        records: store.Store,
        *,
        drivers: Mapping[str, driver.SiteDriver],
        around: attempts.Surroundings,
        clock: clock.Clock,
        models: jobs.TrainedModels | None = None,
        answers: reconcile.Answers = health.answers,
    ) -> None:
        self._store = records
        self._drivers = drivers
        self._around = around
        self._clock = clock
        self._models = models
        self._reconciler = reconcile.Reconciler(records, drivers=drivers, around=around, answers=answers, clock=clock)
        self._turns = itertools.count()
        self._note_again: dict[str, datetime.datetime] = {}
        self._starting: Mapping[Path, tuple[bool, ...]] = {}
        self.stirred = threading.Event()
        """Set when this process did something that the loop should look at soon."""

    def create(self, wish: deployment.Wish, key: str | None = None, person: str = "") -> _Deployment:
        """Accept a deployment; the loop brings it up.

        With a key it may be called any number of times, at once and from several processes: it is one deployment.
        Raises InvalidInput with every fault of the wish.
        """
        wish = self._checked(wish, key)
        before = self._store.by_key(key) if key else None
        if before is not None:
            return before
        now = self._clock.now()
        made = _Deployment(self._clock.new_id(), wish, now, now, now, person=person, key=key)
        try:
            self._store.add(made)
        except errors.Conflict:
            first = self._store.by_key(key) if key else None
            if first is None:
                raise
            return first
        self.stirred.set()
        return made

    def get(self, deployment_id: str) -> _Deployment:
        """Find a deployment by its id; raises NotFound."""
        return self._store.get(deployment_id)

    def find(
        self,
        *,
        text: str = "",
        states: Sequence[_State] = (),
        module: str | None = None,
        limit: int | None = None,
        offset: int = 0,
    ) -> tuple[_Deployment, ...]:
        """List deployments, newest first; without states all but those that are gone."""
        wanted = store.conditions(module=module, states=states, text=text)
        return self._store.find(wanted, limit=limit, offset=offset)

    def count(self, *, text: str = "", states: Sequence[_State] = (), module: str | None = None) -> int:
        """Count the deployments that `find` would list."""
        return self._store.count(store.conditions(module=module, states=states, text=text))

    def versions(self, *, limit: int) -> tuple[tuple[str, int], ...]:
        """Give id and version of the newest deployments; this differs when a list of them does."""
        return self._store.versions(store.conditions(), limit)

    def history(self, deployment_id: str) -> tuple[deployment.Move, ...]:
        """List the moves of a deployment and what happened in between, oldest first; raises NotFound."""
        self._store.get(deployment_id)
        return self._store.history(deployment_id)

    def plan(self, wish: deployment.Wish) -> plans.Plan:
        """Say where a deployment would go and why, without making it. Takes as long as the slowest site, 10 s each."""
        return plans.make(wish.resources, self._drivers, wish.site, driver.Ability.SERVICE)

    def stop(self, deployment_id: str, person: str = "") -> _Deployment:
        """End the processes and keep the record; may be called twice. Raises Conflict when it is being deleted."""

        def stopped(record: _Deployment) -> _Deployment:
            if record.state in (_State.STOP_IN_PROGRESS, _State.STOP_COMPLETE):
                return self._store.amend(record, idle=False, message="") if record.idle else record
            return self._change(record, _State.STOP_IN_PROGRESS, person, replicas=self._all_ending(record))

        return self._done(deployment_id, stopped)

    def start(self, deployment_id: str, person: str = "", message: str = "") -> _Deployment:
        """Start what was stopped or has failed again; what runs is given as it is. Raises Conflict when it goes."""

        def started(record: _Deployment) -> _Deployment:
            if record.state.serving:
                return record
            again = record.state is _State.CREATE_FAILED
            state = _State.CREATE_IN_PROGRESS if again else _State.UPDATE_IN_PROGRESS
            return self._change(record, state, person, message=message, **({} if record.current else _UNPLACED))

        return self._done(deployment_id, started)

    def update(self, deployment_id: str, wish: deployment.Wish, person: str = "") -> _Deployment:
        """Change what runs: new replicas come up first, then the old ones go; if they do not come up the old ones stay.

        A change of title, number of replicas or idle stop replaces no process; the same wish again replaces all, as
        for a new version of the module. Starts what was stopped. Raises InvalidInput with every fault of the wish,
        Conflict when it is being deleted.
        """
        wish = self._checked(wish, None)

        def updated(record: _Deployment) -> _Deployment:
            stays = wish != record.wish and wish.runs_like(record.wish)
            changes: dict[str, Any] = {"wish": wish} if stays else self._next_version(record, wish)
            if not record.current and "site" not in changes:
                changes |= _UNPLACED
            return self._change(record, _State.UPDATE_IN_PROGRESS, person, **changes)

        return self._done(deployment_id, updated)

    def delete(self, deployment_id: str, person: str = "") -> _Deployment:
        """End the processes and remove the files; record and history stay. May be called twice."""

        def deleted(record: _Deployment) -> _Deployment:
            if record.state in (_State.DELETE_IN_PROGRESS, _State.DELETE_COMPLETE):
                return record
            return self._change(record, _State.DELETE_IN_PROGRESS, person, replicas=self._all_ending(record))

        return self._done(deployment_id, deleted)

    def logs(self, deployment_id: str, start: int = 0, replica: int = 0) -> bytes:
        """Read what a replica printed from byte `start` on, 1 MiB at most; of one that has gone its last attempt."""
        record = self._store.get(deployment_id)
        live = [r for r in record.replicas if r.number == replica and r.handle is not None and r.site in self._drivers]
        if live:
            newest = max(live, key=lambda one: one.since)
            return self._drivers[newest.site].logs(newest.handle or {}, start)
        log = attempts.last_log(self._around.folder, record.id, replica)
        if log is None:
            return b""
        with log.open("rb") as source:
            source.seek(start)
            return source.read(LOG_BYTES)

    def target(self, deployment_id: str) -> deployment.Address:
        """Say where a request goes now, taking turns among the replicas that answer; counts as use.

        Raises NotFound, and Unavailable when nothing answers now; what stopped idle is started by that if its wish
        says so.
        """
        record = self._store.get(deployment_id)
        if record.state.final:
            raise errors.NotFound(f"Deployment {deployment_id} was deleted.")
        self._note_use(record)
        healthy = [replica for replica in record.replicas if replica.state is deployment.Health.HEALTHY]
        newest = [replica for replica in healthy if replica.generation == record.generation]
        if record.state in (_State.STOP_COMPLETE, _State.STOP_IN_PROGRESS) and record.idle and record.wish.wake:
            self.start(deployment_id, message="It was idle and starts again.")
            raise errors.Unavailable("It was idle and starts again; try again in a moment.")
        if not healthy:
            raise errors.Unavailable(f"The deployment is {record.state}. {record.message}".strip())
        ready = newest or healthy
        return deployment.Address.of(ready[next(self._turns) % len(ready)])

    def used(self, deployment_id: str) -> None:
        """Note that a deployment is in use, as a connection that stays open does; costs next to nothing."""
        again = self._note_again.get(deployment_id)
        if again is None or self._clock.now() >= again:
            self._note_use(self._store.get(deployment_id))

    def reconcile(self) -> None:
        """Do one step of the loop: bring every deployment nearer to what is wished."""
        # Looked at before the step: what happens between its look and ours must count as news.
        before = {place: _milestones(place) for place in self._starting}
        self._reconciler.step()
        starting = [
            Path(replica.command["folder"])
            for record in self._store.live()
            for replica in record.replicas
            if record.state.in_progress or replica.state is not deployment.Health.HEALTHY
        ]
        self._starting = {place: before.get(place, ()) for place in starting}

    def sweep(self) -> None:
        """Remove the files of deployments that are gone, if a crash has left any."""
        for place in self._around.folder.glob("*"):
            if len(place.name) == 32 and _ID.issuperset(place.name) and self._is_gone(place.name):
                attempts.remove(self._around.folder, place.name)

    @property
    def watching(self) -> bool:
        """Whether something was on its way at the last step."""
        return bool(self._starting)

    def news(self) -> bool:
        """Whether a replica has begun, listens or has ended since the last step. Cheap: it only looks for files."""
        return any(_milestones(place) != seen for place, seen in self._starting.items())

    def _checked(self, wish: deployment.Wish, key: str | None) -> deployment.Wish:
        """Give a wish with its module's name as it is written there. Raises InvalidInput with every fault."""
        faults = idempotency.faults(key) | {name: [text] for name, text in self._faults(wish) if text}
        if faults:
            raise errors.InvalidInput(faults)
        return dataclasses.replace(wish, module=self._around.modules.find(wish.module).name)

    def _faults(self, wish: deployment.Wish) -> Sequence[tuple[str, str]]:
        sites = ", ".join(sorted(self._drivers))
        own = wish.what is deployment.What.COMMAND
        return (
            ("module", self._unknown(wish.module)),
            ("command", "is missing; expected a program and its arguments" if own and not wish.command else ""),
            ("model", self._no_model(wish)),
            ("title", f"is longer than {LONGEST_TITLE} characters" if len(wish.title) > LONGEST_TITLE else ""),
            ("replicas", _outside(wish.replicas, 1, MOST_REPLICAS)),
            ("idle_stop_s", _outside(wish.idle_stop_s, 1)),
            ("cpus", _outside(wish.resources.cpus, 1)),
            ("gpus", _outside(wish.resources.gpus, 0)),
            ("memory_mb", _outside(wish.resources.memory_mb, 1)),
            ("wall_time_s", "is for runs; use idle_stop_s" if wish.resources.wall_time_s is not None else ""),
            ("site", "" if wish.site is None or wish.site in self._drivers else f"'{wish.site}' is none of: {sites}"),
        )

    def _no_model(self, wish: deployment.Wish) -> str:
        if wish.model is None or self._models is None:
            return ""
        try:
            self._models.resolve(wish.module, wish.model)
        except errors.PelagosError as error:
            return error.message
        return ""

    def _unknown(self, module: str) -> str:
        try:
            self._around.modules.find(module)
        except errors.NotFound as error:
            return f"{error.message}. {error.hint}"
        return ""

    def _done(self, deployment_id: str, act: Callable[[_Deployment], _Deployment]) -> _Deployment:
        """Do something to the record as it is now, again if somebody else was faster."""
        for _ in range(_ATTEMPTS):
            try:
                return act(self._store.get(deployment_id))
            except errors.StaleRecord:
                continue
            finally:
                self.stirred.set()
        raise errors.Busy(f"Deployment {deployment_id} changes too fast.")

    def _change(self, record: _Deployment, state: _State, person: str, **changes: Any) -> _Deployment:
        now = self._clock.now()
        return self._store.move(record, state, now, person=person, **{"idle": False, "last_used": now, **changes})

    def _all_ending(self, record: _Deployment) -> tuple[deployment.Replica, ...]:
        return record.all_ending(self._clock.now())

    def _next_version(self, record: _Deployment, wish: deployment.Wish) -> dict[str, Any]:
        """Give the changes that make new processes necessary: what serves now stays until they answer."""
        serves = any(replica.state is deployment.Health.HEALTHY for replica in record.current)
        previous = record.previous
        if serves and record.state is not _State.UPDATE_IN_PROGRESS:
            previous = {
                "wish": record.wish.as_json(),
                "generation": record.generation,
                "site": record.site,
                "plan": dict(record.plan),
            }
        kept = previous and previous["generation"]
        now = self._clock.now()
        replicas = tuple(r if r.generation == kept else deployment.ending(r, now) for r in record.replicas)
        newest = max([record.generation, *(replica.generation for replica in record.replicas)])
        return {"wish": wish, "generation": newest + 1, "previous": previous, "replicas": replicas, **_UNPLACED}

    def _note_use(self, record: _Deployment) -> None:
        now = self._clock.now()
        often_s = min(NOTE_USE_EVERY_S, (record.wish.idle_stop_s or math.inf) / 4)
        often = datetime.timedelta(seconds=often_s)
        if now >= self._note_again.get(record.id, record.last_used + often):
            self._note_again[record.id] = now + often
            self._store.used(record.id, now)

    def _is_gone(self, deployment_id: str) -> bool:
        try:
            return self._store.get(deployment_id).state.final
        except errors.NotFound:
            return False  # Of another database, or of one that was restored: not ours to remove.


_UNPLACED: Mapping[str, Any] = {"site": None, "plan": {}}


def _outside(value: float | None, least: float, most: float | None = None) -> str:
    if value is None or (value >= least and (most is None or value <= most)):
        return ""
    return f"{value:g} is not at least {least:g}" + ("" if most is None else f" and at most {most:g}")


def _milestones(place: Path) -> tuple[bool, ...]:
    return tuple((place / name).exists() for name in ("started", "socket", "outcome.json"))
