"""Make the run folder and the record of a new job."""

from __future__ import annotations

import datetime
import errno
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos.domain import errors, records
from pelagos.jobs import submission
from pelagos.module import durable
from pelagos.sites import driver

UNFINISHED = ".new-"
"""Begins the name of a run folder that is being made."""

_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def prepare(
    wanted: submission.Submission, *, job_id: str, token: str, folder: Path, cache: Path, now: datetime.datetime
) -> records.Job:
    """Make the run folder in `folder`, ready to be started, and give the record that goes with it.

    The folder appears as a whole or not at all. Raises Conflict when the job has one already, Unavailable when the
    disk does not take it.
    """
    place = folder / job_id
    growing = folder / f"{UNFINISHED}{token}"
    try:
        growing.mkdir(parents=True, mode=0o700)
        inputs = _take_files(wanted.files, growing / "inputs", place / "inputs")
        arguments = {name: _placed(value, inputs) for name, value in wanted.arguments.items()}
        durable.write_json(growing / "spec.json", _spec(wanted, job_id, token, arguments, cache))
        _publish(growing, place)
    except OSError as error:
        raise errors.Unavailable(f"The job's files could not be stored: {error}") from error
    finally:
        shutil.rmtree(growing, ignore_errors=True)
    return records.Job(
        id=job_id,
        kind=wanted.kind,
        module=wanted.module.name,
        arguments=arguments,
        resources=wanted.resources,
        site=wanted.site,
        created=now,
        key=wanted.key,
        command=_command(wanted, place, token, cache).as_json(),
        person=wanted.person,
    )


def _publish(growing: Path, place: Path) -> None:
    try:
        growing.rename(place)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        raise errors.Conflict(f"There is a run folder {place.name} already.") from error
    durable.sync_folder(place.parent)


def _spec(
    wanted: submission.Submission, job_id: str, token: str, arguments: Mapping[str, Any], cache: Path
) -> dict[str, Any]:
    module = wanted.module
    return {
        "id": job_id,
        "kind": wanted.kind,
        "token": token,
        "module": {
            "name": module.name,
            "kind": module.kind,
            "entry": module.entry,
            "cwd": module.cwd and str(module.cwd),
        },
        "arguments": arguments,
        "resources": wanted.resources.as_json(),
        "cache": str(cache / module.name),
        "resume": wanted.resume and str(wanted.resume),
        "grace_s": 2.0,
    }


def _command(wanted: submission.Submission, place: Path, token: str, cache: Path) -> driver.Command:
    return driver.Command(
        arguments=(str(wanted.module.python), "-m", "pelagos.module.job", str(place / "spec.json")),
        folder=place,
        environment={
            "PYTHONPATH": str(wanted.module.path),
            "PELAGOS_CACHE": str(cache),
            # What the module prints is seen at once.
            "PYTHONUNBUFFERED": "1",
            # Trainings work through large blocks of memory: in large pages, with glibc 2.35 or newer; others ignore it.
            "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        },
        resources=wanted.resources,
        token=token,
    )


def _take_files(files: Mapping[str, Path | bytes], inputs: Path, final: Path) -> dict[str, str]:
    """Bring the uploads into `inputs`; gives where each will be once the folder has its final name."""
    places = {}
    for number, (stands_for, content) in enumerate(files.items()):
        inputs.mkdir(exist_ok=True)
        name = f"{number}-{_UNSAFE.sub('_', Path(stands_for).name)[-100:]}"
        if isinstance(content, bytes):
            (inputs / name).write_bytes(content)
        else:
            shutil.move(content, inputs / name)
        places[stands_for] = str(final / name)
    return places


def _placed(value: Any, places: Mapping[str, str]) -> Any:
    """Give an argument with the paths of its uploads as they are in the run folder."""
    if isinstance(value, Mapping):
        if set(value) == {"$file"}:
            file = value["$file"]
            return {"$file": {**file, "path": places.get(file["path"], file["path"])}}
        return {key: _placed(item, places) for key, item in value.items()}
    return [_placed(item, places) for item in value] if isinstance(value, list | tuple) else value
