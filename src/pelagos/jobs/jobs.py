"""The door of the room: submit jobs, look at them, cancel and delete them.

Everything here is synchronous and may be called from any thread. All truth is in the database and the run folders, so
any number of processes may have a `Jobs` on the same state at once.
"""

from __future__ import annotations

import re
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pelagos.domain import clock, errors, idempotency, records, states
from pelagos.jobs import accepting, reconcile, run_folder, store, submission, trained_store
from pelagos.sites import driver

CANCEL_WITHIN_S = 5.0
ORPHAN_AFTER_S = 24 * 3600.0
"""A run folder without a record may belong to a submission that is still copying its files."""
WATCHED_AT_MOST = 64
"""Of more jobs than this the end is seen at the next step only."""
_LOOK_AGAIN_S = 0.02
_NOTHING_SEEN = (False, False)
_ID = re.compile("[0-9a-f]{32}")


class Jobs:
    """All jobs of one state folder."""

    def __init__(
        self,
        records_: store.Store,
        *,
        drivers: Mapping[str, driver.SiteDriver],
        folder: Path,
        cache: Path,
        clock: clock.Clock,
    ) -> None:
        self._store = records_
        self._aliases = trained_store.Store(records_.database)
        self._drivers = drivers
        self._folder = folder
        self._cache = cache
        self._clock = clock
        self._reconciler = reconcile.Reconciler(records_, drivers=drivers, folder=folder, clock=clock)
        self._watched: Mapping[str, tuple[bool, bool]] = {}
        self.stirred = threading.Event()
        """Set when this process did something that the loop should look at soon."""

    def submit(self, wanted: submission.Submission) -> records.Job:
        """Accept a job and start it at once if its site has room.

        With a key it may be called any number of times, at once and from several processes: it is one job, and all
        get the same record. Raises InvalidInput for a site that is not there, an id that is none or a key that is too
        long, Conflict for an id that is taken, Unavailable when the files cannot be stored.
        """
        faults = self._faults(wanted)
        if faults:
            raise errors.InvalidInput(faults)
        job = self._accepted_before(wanted) or self._accept(wanted)
        if job.state == states.State.QUEUED:
            self._reconciler.launch_waiting(job.site)
            self.stirred.set()
        return self._store.get(job.id)

    def get(self, job_id: str) -> records.Job:
        """Find a job by its id; raises NotFound."""
        return self._store.get(job_id)

    def find(
        self,
        *,
        module: str | None = None,
        kind: records.Kind | None = None,
        states: Sequence[states.State] = (),
        text: str = "",
        limit: int | None = None,
        offset: int = 0,
        deleted: bool | None = False,
    ) -> tuple[records.Job, ...]:
        """List jobs, newest first; `deleted` None lists those whose files were deleted too, True only those."""
        conditions = store.conditions(module=module, kind=kind, states=states, text=text, deleted=deleted)
        return self._store.find(conditions, limit=limit, offset=offset)

    def count(
        self,
        *,
        module: str | None = None,
        kind: records.Kind | None = None,
        states: Sequence[states.State] = (),
        text: str = "",
        deleted: bool | None = False,
    ) -> int:
        """Count the jobs that `find` would list."""
        conditions = store.conditions(module=module, kind=kind, states=states, text=text, deleted=deleted)
        return self._store.count(conditions)

    def versions(self, *, states: Sequence[states.State] = (), limit: int) -> tuple[tuple[str, int], ...]:
        """Give id and version of the newest jobs, deleted or not; this differs when a list of them does."""
        return self._store.versions(store.conditions(states=states, deleted=None), limit)

    def history(self, job_id: str) -> tuple[records.Move, ...]:
        """List the moves of a job, oldest first; raises NotFound."""
        self._store.get(job_id)
        return self._store.history(job_id)

    def run_folder(self, job_id: str) -> run_folder.RunFolder:
        """Give the run folder of a job. Asks no database, so it may be called often; a missing folder reads empty.

        Raises NotFound for what cannot be an id.
        """
        if not _ID.fullmatch(job_id):
            raise errors.NotFound(f"There is no job {job_id}.")
        return run_folder.RunFolder(self._folder / job_id)

    def models(self, module: str) -> tuple[records.Job, ...]:
        """List the finished trainings of a module that left a model, newest first."""
        done = self.find(module=module, kind=records.Kind.TRAINING, states=(states.State.DONE,))
        return tuple(job for job in done if self.run_folder(job.id).has_model)

    def saved(self, job_id: str, module: str, *, field: str = "resume") -> Path:
        """Find what a training of a module saved, to go on from, whether it came to its end or not.

        Raises NotFound, and InvalidInput with a fault of `field` when there is nothing, or nothing yet.
        """
        job = self._store.get(job_id)
        faults = {
            f"is a {job.kind.replace('_', ' ')} of {job.module}; expected a training of {module}": (
                job.kind is not records.Kind.TRAINING or job.module != module
            ),
            f"is {job.state}; wait for its end or cancel it first": not job.state.final,
            "has no files any more; they were deleted": job.deleted is not None,
            "left nothing to go on from: it ended before it saved any": not self.run_folder(job.id).has_model,
        }
        for fault, holds in faults.items():
            if holds:
                raise errors.InvalidInput({field: [f"{job.id} {fault}"]})
        return self.run_folder(job.id).model

    def resumable(self, job_id: str, module: str) -> bool:
        """Whether a training of a module could go on from what that one saved."""
        try:
            self.saved(job_id, module)
        except (errors.InvalidInput, errors.NotFound):
            return False
        return True

    def aliases(self, module: str) -> Mapping[str, str]:
        """Give what the aliases of a module's trained models mean: ids of trainings. Asked anew each time."""
        return self._aliases.aliases(module)

    def cancel(self, job_id: str) -> records.Job:
        """Stop a job and everything it started, and give its record; waits up to 5 s for the end.

        A job that has ended is given as it is, so this may be called twice. A record that is not final yet when this
        returns belongs to a site that has not obeyed so far: the loop goes on asking.
        """
        deadline = time.monotonic() + CANCEL_WITHIN_S
        job = self._store.get(job_id)
        while not job.state.final and time.monotonic() < deadline:
            try:
                self._stop(job)
            except errors.Unavailable:
                time.sleep(_LOOK_AGAIN_S)
            except errors.StaleRecord:
                pass  # It moved meanwhile: look again.
            job = self._store.get(job_id)
        self.stirred.set()
        return job

    def delete(self, job_id: str) -> records.Job:
        """Remove the files of a job that has ended; its record and history stay. May be called twice.

        Raises Conflict when it has not ended.
        """
        job = self._store.get(job_id)
        if not job.state.final:
            raise errors.Conflict(f"Job {job_id} is {job.state}.", hint="Cancel it first.")
        if job.deleted is None:
            job = self._store.amend(job, deleted=self._clock.now())
        # After the record: a crash in between leaves files that `sweep` finds, never a record that promises too much.
        self._remove_folder(job_id)
        return job

    def reconcile(self) -> None:
        """Do one step of the loop: see what has become of every job, start those that wait."""
        # Looked at before the step: what happens between its look and ours must count as news.
        before = {job_id: self._milestones(job_id) for job_id in self._watched}
        launched, handed = self._reconciler.step()
        self._watched = {job.id: before.get(job.id, _NOTHING_SEEN) for job in handed[:WATCHED_AT_MOST]}
        if launched:
            self.stirred.set()  # The next step watches them too.

    def sweep(self) -> None:
        """Remove run folders that a crash left behind: of deleted jobs, and such as never got a record."""
        deleted = self._store.deleted()
        for place in self._folder.glob("*"):
            never_recorded = place.name not in deleted and _age_s(place) > ORPHAN_AFTER_S
            if never_recorded or deleted.get(place.name, False):
                self._remove_folder(place.name)

    @property
    def watching(self) -> bool:
        """Whether jobs were at a site at the last step."""
        return bool(self._watched)

    def news(self) -> bool:
        """Whether a job has begun or ended at its site since the last step. Cheap: it only looks for files."""
        return any(self._milestones(job_id) != seen for job_id, seen in self._watched.items())

    def _faults(self, wanted: submission.Submission) -> dict[str, list[str]]:
        faults = idempotency.faults(wanted.key)
        if wanted.site not in self._drivers:
            faults["site"] = [f"'{wanted.site}' is none of: {', '.join(sorted(self._drivers))}"]
        if wanted.id is not None and not _ID.fullmatch(wanted.id):
            faults["id"] = [f"'{wanted.id}' is not 32 hexadecimal digits"]
        return faults

    def _accepted_before(self, wanted: submission.Submission) -> records.Job | None:
        return self._store.by_key(wanted.module.name, wanted.kind, wanted.key) if wanted.key else None

    def _accept(self, wanted: submission.Submission) -> records.Job:
        job_id = wanted.id or self._clock.new_id()
        try:
            return self._record(wanted, job_id)
        except errors.Conflict:
            first = self._accepted_before(wanted)
            if first is None:
                raise
            return first

    def _record(self, wanted: submission.Submission, job_id: str) -> records.Job:
        # The folder first: a record without one could never be run, a folder without a record is only swept away.
        now, token = self._clock.now(), self._clock.new_id()
        job = accepting.prepare(wanted, job_id=job_id, token=token, folder=self._folder, cache=self._cache, now=now)
        try:
            self._store.add(job)
        except errors.Conflict:
            self._remove_folder(job_id)
            raise
        return job

    def _stop(self, job: records.Job) -> None:
        if job.state == states.State.QUEUED:
            reason = states.Reason.CANCELLED_BY_USER
            ending = states.ENDINGS[reason]
            now = self._clock.now()
            self._store.move(job, ending.state, now, reason=reason, message=ending.text, finished=now)
            return
        self.run_folder(job.id).ask_cancel()
        self._reconciler.look(job.site, [job])
        time.sleep(_LOOK_AGAIN_S)

    def _milestones(self, job_id: str) -> tuple[bool, bool]:
        place = self.run_folder(job_id)
        return place.begun, place.ended

    def _remove_folder(self, job_id: str) -> None:
        shutil.rmtree(self._folder / job_id, ignore_errors=True)


def _age_s(place: Path) -> float:
    try:
        return time.time() - place.stat().st_mtime
    except FileNotFoundError:
        return 0.0
