"""Keep deployments true: load what is live, look at sites and sockets, apply what was seen.

As with jobs nothing but manners is remembered between two steps, so any process may do a step at any time, several at
once, and each may die anywhere in it. What another process changed in the meantime is left to it (StaleRecord). No
replica is started twice: its attempt is recorded before it is launched, and the `started` mark of its run folder
decides who runs it.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from typing import Any

from pelagos.domain import clock, errors, states
from pelagos.orchestrator import attempts, deployment, plans, store
from pelagos.sites import driver

TRIES = 4
"""A replica that died so often without being well in between fails its deployment."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""How long a dead replica waits to be started again; doubled each time."""
WELL_AFTER_S = 60.0
"""After answering for so long its earlier deaths are forgotten."""
START_TIMEOUT_S = 660.0
"""Longest time to the first answer; above the runtime's own limit, whose reason is the better one."""
ASK_EVERY_S = 5.0
DEAF_AFTER = 6
"""A replica that did not answer so often in a row is started again."""
ASKED_AT_ONCE = 8
LET_GO_S = 0.5
"""One that was replaced is ended so long after it was taken off: by then nobody sends it requests any more."""
SITE_PAUSE_S = 5.0
LAST_WORDS_BYTES = 1500

Answers = Callable[[str, deployment.Replica], bool]
_LOST = frozenset({driver.Sight.ENDED, driver.Sight.VANISHED})
_log = logging.getLogger(__name__)


class Reconciler:
    """Moves deployments along, from the wish to the replicas that answer, and back to nothing."""

    def __init__(
        self,
        records: store.Store,
        *,
        drivers: Mapping[str, driver.SiteDriver],
        around: attempts.Surroundings,
        answers: Answers,
        clock: clock.Clock,
    ) -> None:
        self._store = records
        self._drivers = drivers
        self._around = around
        self._answers = answers
        self._clock = clock
        self._rests: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._deaf: dict[str, int] = {}

    def step(self) -> None:
        """Do one step for all deployments; one's trouble stays its own."""
        live = self._store.live()
        seen = self._look(live)
        well = self._ask(live, seen)
        for record in live:
            self._isolated(record, seen, well)

    def _look(self, live: Sequence[deployment.Deployment]) -> Mapping[str, driver.Sighting]:
        """Ask each site once about all its replicas; gives sightings by token, of silent sites none."""
        replicas = sorted((r for record in live for r in record.replicas if r.handle is not None), key=_site)
        seen: dict[str, driver.Sighting] = {}
        for site, there in itertools.groupby(replicas, key=_site):
            asked = list(there)
            if site not in self._drivers or time.monotonic() < self._rests.get(site, 0.0):
                continue
            try:
                found = self._drivers[site].poll([replica.handle or {} for replica in asked])
            except errors.Unavailable as error:
                self._rests[site] = time.monotonic() + SITE_PAUSE_S
                _log.warning("site %s is left alone for %g s: %s", site, SITE_PAUSE_S, error)
                continue
            except Exception:  # The isolation point of one site: the others are looked at all the same.
                _log.exception("site %s: the look failed", site)
                continue
            seen.update(zip((replica.token for replica in asked), found, strict=True))
        return seen

    def _ask(self, live: Sequence[deployment.Deployment], seen: Mapping[str, driver.Sighting]) -> Mapping[str, bool]:
        """Ask replicas whether they are well: those that start at every step, the others now and then."""
        now = self._clock.now().timestamp()
        due = [
            (record.id, replica)
            for record in live
            for replica in record.replicas
            if replica.token in seen and self._due(replica, seen[replica.token], now)
        ]
        if not due:
            return {}
        with futures.ThreadPoolExecutor(min(ASKED_AT_ONCE, len(due))) as pool:
            well = dict(zip((r.token for _, r in due), pool.map(lambda one: self._answers(*one), due), strict=True))
        self._asked = {token: at for token, at in self._asked.items() if token in seen} | dict.fromkeys(well, now)
        self._deaf = {token: self._deaf.get(token, 0) + 1 for token, answered in well.items() if not answered} | {
            token: count for token, count in self._deaf.items() if token in seen and token not in well
        }
        return well

    def _due(self, replica: deployment.Replica, seen: driver.Sighting, now: float) -> bool:
        if seen.sight in _LOST or replica.state in (deployment.Health.ENDING, deployment.Health.WAITING):
            return False
        often = replica.state is deployment.Health.STARTING
        return often or now - self._asked.get(replica.token, 0.0) >= ASK_EVERY_S

    def _isolated(
        self, record: deployment.Deployment, seen: Mapping[str, driver.Sighting], well: Mapping[str, bool]
    ) -> None:
        try:
            self._advance(record, seen, well)
        except errors.StaleRecord:
            _log.info("deployment %s: somebody else has changed it", record.id)
        except errors.NotYet:
            return
        except errors.Unavailable as error:
            self._tell(record.id, error.message)
        except Exception as error:  # The isolation point of one deployment: the others are looked at all the same.
            _log.exception("deployment %s: a step failed", record.id)
            self._tell(record.id, str(error))

    def _tell(self, deployment_id: str, message: str) -> None:
        """Say what a deployment waits for, once."""
        record = self._store.get(deployment_id)
        if record.state.in_progress and record.message != message:
            with contextlib.suppress(errors.StaleRecord):
                self._store.amend(record, message=message)

    def _advance(
        self, record: deployment.Deployment, seen: Mapping[str, driver.Sighting], well: Mapping[str, bool]
    ) -> None:
        if record.state is deployment.State.DELETE_FAILED:
            return
        record = self._end_leavers(record)
        if record.state.ending:
            self._finish_ending(record)
            return
        if record.state.serving:
            record = self._filled(self._placed(record))
        for replica in record.replicas:
            record = self._tended(record, replica, seen.get(replica.token), well.get(replica.token))
        self._settle(record)

    def _end_leavers(self, record: deployment.Deployment) -> deployment.Deployment:
        """Drop the replicas that were to go and are gone."""
        wait_s = LET_GO_S if record.state.serving else 0.0
        leaving = [r for r in record.replicas if r.state is deployment.Health.ENDING and self._for_s(r) >= wait_s]
        try:
            gone = {replica.token for replica in leaving if self._gone(replica)}
        except errors.Unavailable:
            raise
        except Exception as error:  # The isolation point of a driver's `stop`: it may raise anything.
            if record.state is not deployment.State.DELETE_IN_PROGRESS:
                raise
            _log.exception("deployment %s: its site could not end it", record.id)
            return self._move(record, deployment.State.DELETE_FAILED, message=str(error))
        if not gone:
            return record
        return self._store.amend(record, replicas=tuple(r for r in record.replicas if r.token not in gone))

    def _gone(self, replica: deployment.Replica) -> bool:
        """End a replica; whether nothing is left of it, and nothing can come of it any more."""
        if replica.handle is None and attempts.burn(replica):
            return True
        site = self._driver(replica.site)
        # Of one that has begun without our knowing `launch` only gives the handle.
        handle = replica.handle or site.launch(driver.Command.from_json(replica.command))
        try:
            site.stop(handle)
        except errors.NotYet:
            return False
        return True

    def _finish_ending(self, record: deployment.Deployment) -> None:
        if record.replicas:
            return
        if record.state is deployment.State.DELETE_IN_PROGRESS:
            attempts.remove(self._around.folder, record.id)
            self._move(record, deployment.State.DELETE_COMPLETE)
        else:
            self._move(record, deployment.State.STOP_COMPLETE, message=record.message)

    def _placed(self, record: deployment.Deployment) -> deployment.Deployment:
        """Choose the site, once for each version of the wish; without one the deployment fails."""
        if record.site is not None:
            return record
        need, wanted = record.wish.resources, record.wish.site
        plan = plans.make(need, self._drivers, wanted, driver.Ability.SERVICE)
        record = self._store.amend(record, site=plan.site, plan=plan.as_json())
        return record if plan.site is not None else self._failed(record, f"No site can take it. {plan.why_not}")

    def _filled(self, record: deployment.Deployment) -> deployment.Deployment:
        """Make as many replicas as are wished for, and let go of those that are too many."""
        if record.site is None or not record.state.serving:
            return record
        now, current = self._clock.now(), sorted(record.current, key=lambda replica: replica.number)
        surplus = {replica.token for replica in current[record.wish.replicas :]}
        kept = tuple(deployment.ending(r, now) if r.token in surplus else r for r in record.replicas)
        free = (n for n in itertools.count() if n not in {replica.number for replica in current})
        numbers = list(itertools.islice(free, max(0, record.wish.replicas - len(current))))
        if not surplus and not numbers:
            return record
        try:
            made = tuple(self._attempt(record, number, record.site) for number in numbers)
        except errors.PelagosError as error:
            return self._given_up(record, error)
        return self._store.amend(record, replicas=(*kept, *made))

    def _attempt(self, record: deployment.Deployment, number: int, site: str, tries: int = 0) -> deployment.Replica:
        token, now = self._clock.new_id(), self._clock.now()
        return attempts.prepare(record, number, site=site, token=token, around=self._around, now=now, tries=tries)

    def _tended(
        self,
        record: deployment.Deployment,
        replica: deployment.Replica,
        seen: driver.Sighting | None,
        well: bool | None,
    ) -> deployment.Deployment:
        """Do for one replica what it needs now."""
        if replica.state is deployment.Health.ENDING or replica not in record.replicas:
            return record
        if replica.state is deployment.Health.WAITING:
            return self._again(record, replica)
        if replica.handle is None:
            return self._launched(record, replica)
        reason = "" if seen is None else self._lost(replica, seen)
        return self._died(record, replica, reason) if reason else self._noted(record, replica, bool(well))

    def _noted(self, record: deployment.Deployment, replica: deployment.Replica, well: bool) -> deployment.Deployment:
        """Write down that a replica answers at last, or has done so for long."""
        if replica.state is deployment.Health.STARTING:
            up = {"state": deployment.Health.HEALTHY, "since": self._clock.now(), "message": ""}
            return self._replaced(record, replica, **up) if well else record
        forgotten = replica.tries and self._for_s(replica) > WELL_AFTER_S
        return self._replaced(record, replica, tries=0) if forgotten else record

    def _lost(self, replica: deployment.Replica, seen: driver.Sighting) -> str:
        """Tell why a replica has to be started again; empty when it has not."""
        ours = ""
        if replica.state is deployment.Health.STARTING and self._for_s(replica) > START_TIMEOUT_S:
            ours = f"it did not answer within {START_TIMEOUT_S:g} s"
        if replica.state is deployment.Health.HEALTHY and self._deaf.get(replica.token, 0) >= DEAF_AFTER:
            ours = "it does not answer any more"
        # It may have ended because we have asked it to, at an earlier step, and why is what we know.
        if seen.sight not in _LOST or (ours and seen.reason is states.Reason.CANCELLED_BY_USER):
            return ours
        return seen.message or "its process ended"

    def _launched(self, record: deployment.Deployment, replica: deployment.Replica) -> deployment.Deployment:
        try:
            handle = self._driver(replica.site).launch(driver.Command.from_json(replica.command))
        except errors.Unavailable:
            raise
        except Exception as error:  # The isolation point of one launch: a driver may raise anything.
            _log.exception("deployment %s: the site could not start it", record.id)
            return self._died(record, replica, str(error))
        return self._replaced(record, replica, handle=handle)

    def _died(self, record: deployment.Deployment, replica: deployment.Replica, why: str) -> deployment.Deployment:
        """Let a dead replica wait for its next attempt, or give up. Nothing may be left of this one: raises NotYet."""
        if not self._gone(replica):
            raise errors.NotYet
        if replica.generation != record.generation:  # It is to be replaced as it is.
            return self._store.amend(record, replicas=record.with_replica(replica.token, None))
        tries, told = replica.tries + 1, f"Replica {replica.number} ended: {why.rstrip('.')}"
        if tries >= TRIES:
            last = self._last_words(record, replica)
            return self._failed(record, f"{told}. It was started {TRIES} times.\n{last}".strip())
        changed = replica.evolve(state=deployment.Health.WAITING, since=self._clock.now(), tries=tries, message=why)
        return self._store.amend(
            record,
            replicas=record.with_replica(replica.token, changed),
            message=f"{told}. It is started again.",
            noted=self._clock.now(),
        )

    def _again(self, record: deployment.Deployment, replica: deployment.Replica) -> deployment.Deployment:
        pause_s = min(FIRST_PAUSE_S * 2 ** (replica.tries - 1), LONGEST_PAUSE_S)
        if self._for_s(replica) < pause_s:
            return record
        try:
            fresh = self._attempt(record, replica.number, replica.site, replica.tries)
        except errors.PelagosError as error:
            return self._given_up(record, error)
        return self._store.amend(record, replicas=record.with_replica(replica.token, fresh))

    def _settle(self, record: deployment.Deployment) -> None:
        """Say so when all is as it was wished for; stop what nobody uses."""
        current, now = record.current, self._clock.now()
        complete = len(current) == record.wish.replicas and all(r.state is deployment.Health.HEALTHY for r in current)
        if complete and record.state in _COMPLETE:
            left = tuple(r if r in current else deployment.ending(r, now) for r in record.replicas)
            self._move(record, _COMPLETE[record.state], replicas=left, previous=None)
        elif complete and record.message and record.state.serving:
            self._store.amend(record, message="")
        elif record.state in _COMPLETE.values() and self._idle(record, now):
            self._move(
                record,
                deployment.State.STOP_IN_PROGRESS,
                message=f"Nobody used it for {record.wish.idle_stop_s:g} s.",
                idle=True,
                replicas=record.all_ending(now),
            )

    def _idle(self, record: deployment.Deployment, now: datetime.datetime) -> bool:
        limit_s = record.wish.idle_stop_s
        return limit_s is not None and (now - max(record.last_used, record.changed)).total_seconds() > limit_s

    def _given_up(self, record: deployment.Deployment, error: errors.PelagosError) -> deployment.Deployment:
        if error.transient:
            raise error
        return self._failed(record, f"{error.message} {error.hint}".strip())

    def _failed(self, record: deployment.Deployment, message: str) -> deployment.Deployment:
        """End in failure: what ran before an update goes on, of anything else all replicas go."""
        now = self._clock.now()
        creating = record.state in (deployment.State.CREATE_IN_PROGRESS, deployment.State.CREATE_COMPLETE)
        state = deployment.State.CREATE_FAILED if creating else deployment.State.UPDATE_FAILED
        before = record.previous or {"generation": None}
        kept = tuple(r if r.generation == before["generation"] else deployment.ending(r, now) for r in record.replicas)
        changes: dict[str, Any] = {"message": message, "replicas": kept, "previous": None}
        if any(r.state is not deployment.Health.ENDING for r in kept):
            changes["message"] = f"{message}\nWhat ran before goes on."
            changes["wish"] = deployment.Wish.from_json(before["wish"])
            changes |= {name: before[name] for name in ("generation", "site", "plan")}
        if record.state is state:
            return self._store.amend(record, noted=now, **changes)
        return self._move(record, state, **changes)

    def _last_words(self, record: deployment.Deployment, replica: deployment.Replica) -> str:
        log = attempts.last_log(self._around.folder, record.id, replica.number)
        return "" if log is None else log.read_bytes()[-LAST_WORDS_BYTES:].decode("utf-8", "replace").strip()

    def _replaced(
        self, record: deployment.Deployment, replica: deployment.Replica, **changes: Any
    ) -> deployment.Deployment:
        changed = replica.evolve(**changes)
        return self._store.amend(record, replicas=record.with_replica(replica.token, changed))

    def _move(self, record: deployment.Deployment, state: deployment.State, **changes: Any) -> deployment.Deployment:
        return self._store.move(record, state, self._clock.now(), **changes)

    def _driver(self, site: str) -> driver.SiteDriver:
        if site not in self._drivers:
            raise errors.SiteUnreachable(f"There is no site '{site}' any more.")
        return self._drivers[site]

    def _for_s(self, replica: deployment.Replica) -> float:
        return (self._clock.now() - replica.since).total_seconds()


_COMPLETE: Mapping[deployment.State, deployment.State] = {
    deployment.State.CREATE_IN_PROGRESS: deployment.State.CREATE_COMPLETE,
    deployment.State.UPDATE_IN_PROGRESS: deployment.State.UPDATE_COMPLETE,
}


def _site(replica: deployment.Replica) -> str:
    return replica.site
