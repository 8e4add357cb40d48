"""Which trained models a prediction may choose, looked up at every request so that the list is never stale."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from pathlib import Path

from pelagos import jobs as jobs_room
from pelagos.domain import errors, records, states

PRETRAINED = "pretrained"
SHOWN = 10


class Models:
    """The trained models of all modules."""

    def __init__(self, jobs: jobs_room.Jobs | None) -> None:
        self._jobs = jobs
        self._found: dict[tuple[str, str], Path] = {}

    async def folder(self, module: str, model: str) -> Path | None:
        """Give the folder of a trained model, by its uuid or an alias; None for the pretrained one.

        Raises InvalidInput naming what exists.
        """
        if model == PRETRAINED or not model:
            return None
        known = self.known(module, model)
        if known is not None:
            return known
        found = await asyncio.to_thread(self._find, module, model)
        if _number(model):  # An alias may mean another model at the next request.
            self._found[(module, model)] = found
        return found

    def known(self, module: str, model: str) -> Path | None:
        """Give the folder of a trained model that was looked up before; None means that `folder` has to look."""
        found = self._found.get((module, model))
        # A finished training never changes; all that can happen is that its files are deleted.
        return found if found is not None and found.is_dir() else None

    def names(self, module: str) -> list[str]:
        """List what `model` may be now: the pretrained model, aliases, then trained models, newest first."""
        if self._jobs is None:
            return [PRETRAINED]
        return [PRETRAINED, *self._jobs.aliases(module), *(job.id for job in self._jobs.models(module))]

    def _find(self, module: str, model: str) -> Path:
        job = None
        if self._jobs is not None:
            with contextlib.suppress(errors.NotFound):
                job = self._jobs.get(_number(model) or self._jobs.aliases(module).get(model, ""))
        if self._jobs is not None and job is not None and _usable(job, module):
            path = self._jobs.run_folder(job.id).model
            if path.is_dir() and any(path.iterdir()):
                return path
        raise errors.InvalidInput({"model": [self._unknown(module, model)]})

    def _unknown(self, module: str, model: str) -> str:
        known = self.names(module)
        more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        return f"{model[:80]!r} is not a trained model; expected one of {', '.join(known[:SHOWN])}{more}"


def _usable(job: records.Job, module: str) -> bool:
    done = job.state is states.State.DONE and job.deleted is None
    return done and job.module == module and job.kind is records.Kind.TRAINING


def _number(model: str) -> str:
    """Write a uuid as jobs do; empty for what is none."""
    try:
        return uuid.UUID(model).hex
    except ValueError:
        return ""
