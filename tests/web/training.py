"""Runs for the tests of pages: begun through the form, and brought to their end without the hub's loops."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

import httpx

import hub_world
from pelagos.domain import records
from web.visits import Visitor

PATIENCE_S = 30.0
HOSTILE = "<img src=x onerror='window.hacked=1'>"


def send(visitor: Visitor, files: list[tuple[str, tuple[str, bytes]]] | None = None, **said: str) -> httpx.Response:
    """Send the form to train."""
    form = {"_sent": "1", "epochs": "2", **said}
    path = "/modules/counting/train"
    # Always as a browser sends this form, in parts.
    parts = files or [("_upload", ("", b""))]
    return visitor.ask("POST", path, data=form, files=parts, headers={"Origin": hub_world.ORIGIN})


def begin(visitor: Visitor, **given: Any) -> str:
    """Begin a run; gives its id."""
    answer = send(visitor, **given)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def ended(visitor: Visitor, number: str) -> records.Job:
    """Wait for the end of a run."""
    deadline = time.monotonic() + PATIENCE_S
    while not (job := visitor.hub.jobs.get(number)).state.final:
        assert time.monotonic() < deadline, job
        visitor.hub.jobs.reconcile()
    return job


def trained(visitor: Visitor, **given: Any) -> str:
    """Begin a run and wait for its end; gives its id."""
    number = begin(visitor, **given)
    job = ended(visitor, number)
    assert job.state == "done", job
    return number


def zipped(*names: str) -> bytes:
    """Pack files with a byte in each."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name in names:
            packed.writestr(name, "1")
    return target.getvalue()
