"""Follow one job until it ends, and show it: live on a terminal, as lines elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from pelagos.cli import output
from pelagos.domain import records, states

if TYPE_CHECKING:
    from pelagos import jobs

LOOK_S = 0.1
Row = Mapping[str, Any]


class View(Protocol):
    """How a running job is shown."""

    def show(self, job: records.Job, folder: jobs.RunFolder, rows: Sequence[Row]) -> None:
        """Show how it stands; `rows` are all metrics that are new."""


def pause(seconds: float = LOOK_S) -> None:
    """Wait until the next look."""
    threading.Event().wait(seconds)


def follow(known: jobs.Jobs, job_id: str, view: View) -> records.Job:
    """Look at a job until its record is final, and give that record. Keeps all records true meanwhile."""
    from pelagos import jobs

    folder = known.run_folder(job_id)
    loop = jobs.Loop(known)
    loop.start()
    try:
        end = 0
        while True:
            job = known.get(job_id)
            rows, end = folder.metrics(end)
            view.show(job, folder, rows)
            if job.state.final:
                return job
            pause(LOOK_S / 5 if folder.ended else LOOK_S)
    finally:
        loop.stop()


@contextlib.contextmanager
def view(*, quiet: bool) -> Iterator[View]:
    """Choose the view that suits where we print."""
    if quiet:
        yield _Silent()
        return
    try:
        from pelagos.cli import live_view
    except ModuleNotFoundError:
        yield Lines()
        return
    if not sys.stderr.isatty():
        yield Lines()
        return
    with live_view.LiveView() as live:
        yield live


def numbers(row: Row) -> str:
    """Write one step's metrics: `step 3  loss 0.3333  accuracy 0.75`."""
    metrics = [f"{name} {output.number(value)}" for name, value in row.items() if name not in ("step", "time")]
    return "  ".join([f"step {row['step']}", *metrics])


class _Silent:
    def show(self, job: records.Job, folder: jobs.RunFolder, rows: Sequence[Row]) -> None:
        """Show nothing."""


class Lines:
    """Prints what is new, a line each."""

    def __init__(self) -> None:
        self._state: states.State | None = None

    def show(self, job: records.Job, folder: jobs.RunFolder, rows: Sequence[Row]) -> None:  # noqa: ARG002 - protocol
        """Print changes of state and new metrics."""
        if job.state is not self._state and not job.state.final:
            output.note(f"  {job.state}")
        self._state = job.state
        for row in rows:
            output.note(f"  {numbers(row)}")
