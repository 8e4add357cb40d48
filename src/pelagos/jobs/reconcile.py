"""Keep the records true: load what is live, look at the sites, apply what was seen.

Nothing but the manners towards a site in trouble is remembered between two steps, so any process may do a step at any
time, several at once, and each may die anywhere in it. What another process changed in the meantime is left to it
(StaleRecord).
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pelagos.domain import clock, errors, records, states
from pelagos.jobs import placing, run_folder, store
from pelagos.sites import driver

LAUNCH_GRACE_S = 15.0
"""A launch takes 10 s at most; after this long without a handle whoever began it is dead."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 120.0
"""How long a site that does not answer is left alone; doubled each time."""
RESULT_KEPT_BYTES = 1 << 20
"""A larger result stays in the run folder only."""

_log = logging.getLogger(__name__)


class _Pause(NamedTuple):
    until: float
    length_s: float


class Reconciler:
    """Moves jobs along: from the queue to a site, and from what the site shows to their end."""

    def __init__(
        self, records_: store.Store, *, drivers: Mapping[str, driver.SiteDriver], folder: Path, clock: clock.Clock
    ) -> None:
        self._store = records_
        self._drivers = drivers
        self._folder = folder
        self._clock = clock
        self._pauses: dict[str, _Pause] = {}

    def step(self) -> tuple[int, Sequence[records.Job]]:
        """Do one step for all jobs; one site's trouble stays its own.

        Gives how many queued jobs it took care of, and the jobs that were at a site before it.
        """
        launched = 0
        handed = self._store.at_sites()
        waited_for = self._store.waited_for()
        for site in dict.fromkeys([*(job.site for job in handed), *waited_for]):
            try:
                self.look(site, [job for job in handed if job.site == site])
            except errors.Unavailable as error:
                self._pause(site, error)
            except Exception:  # The isolation point of the loop: the next site and the next step go on.
                _log.exception("site %s: the look failed", site)
            launched += self.launch_waiting(site)
        return launched, handed

    def launch_waiting(self, site: str) -> int:
        """Start queued jobs of a site, oldest first, while it has room; gives how many it took care of.

        Never raises for the site's troubles: the jobs wait in the queue.
        """
        count = 0
        try:
            while site in self._drivers and not self._resting(site) and self._launch_next(site):
                count += 1
        except errors.Unavailable as error:
            self._pause(site, error)
        except Exception:  # The isolation point of one site's queue: it is tried again at the next step.
            _log.exception("site %s: its queue could not be served", site)
        return count

    def look(self, site: str, jobs: Sequence[records.Job]) -> None:
        """Look at jobs of a site that were handed to it and record what is seen. Raises SiteUnreachable."""
        if site not in self._drivers or self._resting(site):
            return
        for job in jobs:
            if job.handle is None:
                self._isolated(job, functools.partial(self._recover, job))
        known = [(job, job.handle) for job in jobs if job.handle is not None]
        sightings = self._drivers[site].poll([handle for _, handle in known]) if known else ()
        for (job, handle), seen in zip(known, sightings, strict=True):
            self._isolated(job, functools.partial(self._apply, job, handle, seen))

    def _launch_next(self, site: str) -> bool:
        """Start the oldest queued job of a site; False when there is none or no room."""
        first = self._store.first_queued(site)
        if first is None:
            return False
        offers = self._drivers[site].offers(first.resources) if placing.asks(first.resources) else ()
        if offers and not any(offer.possible for offer in offers):
            reasons = " ".join(reason for offer in offers for reason in offer.reasons)
            with contextlib.suppress(errors.StaleRecord):
                self._end(first, states.Reason.NO_CAPACITY, reasons)
            return True
        capacity = next((offer.free for offer in offers if offer.possible), None)
        slots = self._drivers[site].slots
        job = self._store.claim(
            site,
            self._clock.now(),
            lambda taken, job: placing.fits(taken, job.resources, slots=slots, capacity=capacity),
        )
        if job is None:
            return False
        self._isolated(job, functools.partial(self._launch, job))
        return True

    def _launch(self, job: records.Job) -> None:
        """Hand a claimed job to its site; raises Unavailable, with the job back in the queue, when it takes none."""
        if self._run_folder(job).cancel_asked:
            self._end(job, states.Reason.CANCELLED_BY_USER, "")
            return
        try:
            handle = self._drivers[job.site].launch(driver.Command.from_json(job.command))
        except errors.Unavailable as error:
            self._store.move(job, states.State.QUEUED, self._clock.now(), message=error.message)
            raise
        except Exception as error:  # The isolation point of one launch: a driver may raise anything.
            _log.exception("job %s: the site could not start it", job.id)
            self._end(job, states.Reason.START_FAILED, str(error))
        else:
            self._remember(job, handle)

    def _isolated(self, job: records.Job, act: Callable[[], None]) -> None:
        """Do something for one job so that its trouble stays its own; the site's is raised."""
        try:
            act()
        except errors.NotYet:
            return
        except errors.StaleRecord:
            _log.info("job %s: somebody else has moved it", job.id)
        except errors.Unavailable:
            raise
        except Exception:  # The isolation point of one job: the others are looked at all the same.
            _log.exception("job %s: what was seen could not be recorded", job.id)

    def _remember(self, job: records.Job, handle: driver.Handle) -> None:
        self._store.amend(job, handle=handle, message="")

    def _recover(self, job: records.Job) -> None:
        """Take care of a job whose launcher has not recorded a handle: still at it, or dead."""
        if self._run_folder(job).begun:
            # Its supervisor has started, so launching again only gives the handle; the next step looks.
            self._remember(job, self._drivers[job.site].launch(driver.Command.from_json(job.command)))
            return
        since = self._store.history(job.id)[-1].time
        if self._clock.now() - since > datetime.timedelta(seconds=LAUNCH_GRACE_S):
            self._store.move(job, states.State.QUEUED, self._clock.now(), message="Its launcher died.")

    def _apply(self, job: records.Job, handle: driver.Handle, seen: driver.Sighting) -> None:
        if seen.sight == driver.Sight.ENDED:
            self._end(job, seen.reason or states.Reason.SITE_LOST, seen.message, seen)
        elif seen.sight == driver.Sight.VANISHED:
            self._drivers[job.site].stop(handle)
            wanted = states.Reason.CANCELLED_BY_USER if self._run_folder(job).cancel_asked else None
            self._end(job, wanted or seen.reason or states.Reason.SITE_LOST, seen.message, seen)
        elif seen.sight == driver.Sight.ALIVE and job.state == states.State.STARTING:
            job = self._store.move(job, states.State.RUNNING, self._clock.now(), started=seen.started)
        if seen.sight in (driver.Sight.ALIVE, driver.Sight.WAITING) and self._run_folder(job).cancel_asked:
            self._drivers[job.site].stop(handle)

    def _end(self, job: records.Job, reason: states.Reason, message: str, seen: driver.Sighting | None = None) -> None:
        ending = states.ENDINGS[reason]
        self._store.move(
            job,
            ending.state,
            self._clock.now(),
            reason=reason,
            message=message or ("" if reason == states.Reason.FINISHED else ending.text),
            started=(seen and seen.started) or job.started,
            finished=(seen and seen.finished) or self._clock.now(),
            result=self._result(job) if reason == states.Reason.FINISHED else None,
        )

    def _result(self, job: records.Job) -> Any:
        try:
            result = self._run_folder(job).result()
        except ValueError:
            _log.exception("job %s: its result cannot be read", job.id)
            return None
        return result if len(json.dumps(result)) <= RESULT_KEPT_BYTES else None

    def _resting(self, site: str) -> bool:
        return site in self._pauses and time.monotonic() < self._pauses[site].until

    def _pause(self, site: str, error: errors.Unavailable) -> None:
        before = self._pauses.get(site)
        again = before is not None and time.monotonic() - before.until < before.length_s
        length_s = min(before.length_s * 2, LONGEST_PAUSE_S) if before and again else FIRST_PAUSE_S
        self._pauses[site] = _Pause(time.monotonic() + length_s, length_s)
        _log.warning("site %s is left alone for %g s: %s", site, length_s, error)

    def _run_folder(self, job: records.Job) -> run_folder.RunFolder:
        return run_folder.RunFolder(self._folder / job.id)
