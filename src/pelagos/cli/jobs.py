"""List, follow, cancel and delete trainings.

A job is named by its uuid or by the beginning of it.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from typing import TYPE_CHECKING, Any

from pelagos.cli import assembly, following, options, output
from pelagos.domain import errors, records, states

if TYPE_CHECKING:
    from pelagos import jobs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = acts.add_parser("list", help="list jobs, newest first", allow_abbrev=False)
    listing.add_argument("--module", metavar="MODULE", help="only those of this module")
    listing.add_argument("--state", choices=[str(state) for state in states.State], help="only those in this state")
    listing.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default: 50)")
    listing.add_argument("--all", action="store_true", help="also those whose files were deleted")
    showing = acts.add_parser("show", help="show everything about one job", allow_abbrev=False)
    reading = acts.add_parser("logs", help="print what the module's code printed", allow_abbrev=False)
    reading.add_argument("-f", "--follow", action="store_true", help="go on until the job ends")
    reading.add_argument("--lines", metavar="N", type=int, default=0, help="only the last lines")
    cancelling = acts.add_parser("cancel", help="stop jobs and everything they started", allow_abbrev=False)
    deleting = acts.add_parser("delete", help="delete the files of jobs that have ended", allow_abbrev=False)
    for each in (showing, reading):
        each.add_argument("job", metavar="UUID", help="of the job")
    for each in (cancelling, deleting):
        each.add_argument("jobs", metavar="UUID", nargs="+", help="of the jobs")
    for each in (listing, showing, reading, cancelling, deleting):
        options.add_json(each)
        options.add_shared(each, below=True)


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    known = assembly.jobs_of(assembly.settings(given))
    # There may be no server that does it; what is shown shall be true.
    known.reconcile()
    acts = {"list": _list, "show": _show, "logs": _logs, "cancel": _cancel, "delete": _delete}
    return acts[given.act](known, given)


def find(known: jobs.Jobs, text: str) -> records.Job:
    """Find a job by its uuid or the beginning of it. Raises NotFound, or InvalidInput when several begin so."""
    wanted = text.replace("-", "").lower()
    if len(wanted) == 32:
        return known.get(wanted)
    found = [job for job in known.find(deleted=None) if wanted and job.id.startswith(wanted)]
    if not found:
        raise errors.NotFound(f"there is no job '{text}'", hint="pelagos jobs list shows all.")
    if len(found) > 1:
        several = ", ".join(job.id for job in found[:5])
        raise errors.InvalidInput({"UUID": [f"'{text}' is the beginning of several: {several}"]})
    return found[0]


def facts(known: jobs.Jobs, job: records.Job) -> dict[str, Any]:
    """Give what is known of a job, for programs."""
    folder = known.run_folder(job.id)
    return {
        "uuid": job.id,
        "kind": job.kind,
        "module": job.module,
        "state": job.state,
        "reason": job.reason,
        "message": job.message,
        "created": job.created,
        "started": job.started,
        "finished": job.finished,
        "deleted": job.deleted,
        "took_s": None if job.started is None else round(_took(job).total_seconds(), 3),
        "progress": folder.progress(),
        "arguments": job.arguments,
        "resources": job.resources.as_json(),
        "site": job.site,
        "result": job.result,
        "folder": None if job.deleted else folder.path,
    }


def _list(known: jobs.Jobs, given: argparse.Namespace) -> int:
    chosen = (states.State(given.state),) if given.state else ()
    deleted = None if given.all else False
    found = known.find(module=given.module, states=chosen, limit=given.limit, deleted=deleted)
    if given.json:
        output.as_json([facts(known, job) for job in found])
    elif not found:
        output.note("There are no jobs.")
    else:
        head = ("UUID", "MODULE", "STATE", "CREATED", "TOOK", "PROGRESS")
        output.table(head, [_row(known, job) for job in found])
    return 0


def _row(known: jobs.Jobs, job: records.Job) -> tuple[str, ...]:
    took = "-" if job.started is None else output.duration(_took(job).total_seconds())
    progress = known.run_folder(job.id).progress() or {}
    how_far = job.message if job.state.final and job.state is not states.State.DONE else progress.get("message", "")
    return job.id, job.module, str(job.state), output.moment(job.created), took, how_far


def _show(known: jobs.Jobs, given: argparse.Namespace) -> int:
    job = find(known, given.job)
    history = known.history(job.id)
    if given.json:
        output.as_json({**facts(known, job), "history": history})
        return 0
    shown = {key: value for key, value in facts(known, job).items() if key not in ("arguments", "resources", "result")}
    for key, value in shown.items():
        if value is not None and value != "":
            print(f"{key:<10} {output.moment(value) if isinstance(value, datetime.datetime) else value}")
    for title, values in (("arguments", job.arguments), ("result", job.result)):
        if values:
            print(f"\n{title}")
            output.as_json(values)
    print("\nhistory")
    for move in history:
        print(f"  {output.moment(move.time)}  {move.new}  {move.message}".rstrip())
    return 0


def _logs(known: jobs.Jobs, given: argparse.Namespace) -> int:
    job = find(known, given.job)
    folder = known.run_folder(job.id)
    if given.json:
        text = (folder.log_tail(given.lines) if given.lines else folder.log(limit=-1)).data.decode("utf-8", "replace")
        output.as_json({"uuid": job.id, "log": text})
        return 0
    start = folder.log_tail(given.lines) if given.lines else folder.log()
    _print(start.data)
    end = start.end
    while True:
        over = not given.follow or known.get(job.id).state.final
        end = _print_from(folder, end)
        if over:
            return 0
        following.pause()
        known.reconcile()


def _print_from(folder: jobs.RunFolder, start: int) -> int:
    while (piece := folder.log(start)).data:
        _print(piece.data)
        start = piece.end
    return start


def _print(data: bytes) -> None:
    sys.stdout.write(data.decode("utf-8", "replace"))
    sys.stdout.flush()


def _cancel(known: jobs.Jobs, given: argparse.Namespace) -> int:
    ended = [known.cancel(find(known, text).id) for text in given.jobs]
    return _told(known, given, ended, all_well=all(job.state.final for job in ended))


def _delete(known: jobs.Jobs, given: argparse.Namespace) -> int:
    return _told(known, given, [known.delete(find(known, text).id) for text in given.jobs], all_well=True)


def _told(known: jobs.Jobs, given: argparse.Namespace, changed: list[records.Job], *, all_well: bool) -> int:
    if given.json:
        output.as_json([facts(known, job) for job in changed])
    else:
        for job in changed:
            print(f"{job.id} is {'deleted' if job.deleted else job.state}")
    return 0 if all_well else 1


def _took(job: records.Job) -> datetime.timedelta:
    end = job.finished or datetime.datetime.now(datetime.UTC)
    return end - (job.started or job.created)
