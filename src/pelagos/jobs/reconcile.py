"""Keep the records true: load what is live, look at the sites, apply what was seen.

Nothing is remembered between two steps, so any process may do a step at any time, several at once, and each may die
anywhere in it. What another process changed in the meantime is left to it (StaleRecord).
"""

from __future__ import annotations

import contextlib
import datetime
import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.domain import clock, errors, records, states
from pelagos.jobs import run_folder, store
from pelagos.sites import driver

LAUNCH_GRACE_S = 15.0
"""A launch takes 10 s at most; after this long without a handle whoever began it is dead."""
RESULT_KEPT_BYTES = 1 << 20
"""A larger result stays in the run folder only."""

_log = logging.getLogger(__name__)


class Reconciler:
    """Moves jobs along: from the queue to a site, and from what the site shows to their end."""

    def __init__(
        self, records_: store.Store, *, drivers: Mapping[str, driver.SiteDriver], folder: Path, clock: clock.Clock
    ) -> None:
        self._store = records_
        self._drivers = drivers
        self._folder = folder
        self._clock = clock

    def step(self) -> tuple[records.Job, ...]:
        """Do one step for all jobs; gives the jobs that were live before it. One site's trouble stays its own."""
        live = self._store.live()
        for site in dict.fromkeys(job.site for job in live):
            try:
                self.look(site, [job for job in live if job.site == site and job.state != states.State.QUEUED])
                self.launch_waiting(site)
            except errors.Unavailable as error:
                _log.warning("site %s: %s", site, error)
            except Exception:  # The isolation point of the loop: the next site and the next step go on.
                _log.exception("site %s: the step failed", site)
        return live

    def launch_waiting(self, site: str) -> None:
        """Start queued jobs of a site, oldest first, while it has room."""
        while site in self._drivers:
            job = self._store.claim(site, self._clock.now(), self._room(site))
            if job is None or not self._launch(job):
                return

    def look(self, site: str, jobs: Sequence[records.Job]) -> None:
        """Look at jobs of a site that were handed to it and record what is seen."""
        if site not in self._drivers:
            return
        jobs = [job if job.handle is not None else self._recovered(job) for job in jobs]
        known = [(job, job.handle) for job in jobs if job.handle is not None]
        sightings = self._drivers[site].poll([handle for _, handle in known]) if known else ()
        for (job, handle), seen in zip(known, sightings, strict=True):
            try:
                self._apply(job, handle, seen)
            except errors.NotYet:
                continue
            except errors.StaleRecord:
                _log.info("job %s: somebody else has moved it", job.id)

    def _room(self, site: str) -> store.Room:
        site_driver = self._drivers[site]

        def room(there: Sequence[records.Job], _job: records.Job) -> bool:
            return site_driver.slots is None or len(there) < site_driver.slots

        return room

    def _launch(self, job: records.Job) -> bool:
        """Hand a claimed job to its site; False when the site takes nothing now."""
        if self._run_folder(job).cancel_asked:
            self._end(job, states.Reason.CANCELLED_BY_USER, "")
            return True
        try:
            handle = self._drivers[job.site].launch(driver.Command.from_json(job.command))
        except errors.Unavailable as error:
            self._store.move(job, states.State.QUEUED, self._clock.now(), message=error.message)
            return False
        except Exception as error:
            _log.exception("job %s: the site could not start it", job.id)
            self._end(job, states.Reason.START_FAILED, str(error))
            return True
        self._remember(job, handle)
        return True

    def _remember(self, job: records.Job, handle: driver.Handle) -> records.Job:
        try:
            return self._store.amend(job, handle=handle, message="")
        except errors.StaleRecord:
            # Another process has looked meanwhile, and found the handle by itself or seen the end.
            return self._store.get(job.id)

    def _recovered(self, job: records.Job) -> records.Job:
        """Take care of a job whose launcher has not recorded a handle: still at it, or dead."""
        if self._run_folder(job).begun:
            # Its supervisor has started, so launching again only gives the handle.
            return self._remember(job, self._drivers[job.site].launch(driver.Command.from_json(job.command)))
        since = self._store.history(job.id)[-1].time
        if self._clock.now() - since > datetime.timedelta(seconds=LAUNCH_GRACE_S):
            with contextlib.suppress(errors.StaleRecord):
                self._store.move(job, states.State.QUEUED, self._clock.now(), message="Its launcher died.")
        return job

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

    def _end(
        self, job: records.Job, reason: states.Reason, message: str, seen: driver.Sighting | None = None
    ) -> records.Job:
        ending = states.ENDINGS[reason]
        return self._store.move(
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
        result = self._run_folder(job).result()
        return result if len(json.dumps(result)) <= RESULT_KEPT_BYTES else None

    def _run_folder(self, job: records.Job) -> run_folder.RunFolder:
        return run_folder.RunFolder(self._folder / job.id)
