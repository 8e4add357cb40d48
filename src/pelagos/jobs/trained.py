"""Trained models: the finished trainings that left one, with the titles and aliases that people gave them.

A training's model never changes, so it is looked at once; what was seen is kept in the database.
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pelagos.db
from pelagos.domain import clock, errors, records
from pelagos.jobs import jobs as jobs_
from pelagos.jobs import store, trained_store, zipping

PRETRAINED = "pretrained"
LONGEST_TITLE = 200
LONGEST_DESCRIPTION = 20_000
_ALIAS = re.compile(r"[a-z][a-z0-9._-]{0,99}")


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """One trained model."""

    id: str
    """That of its training."""
    module: str
    title: str
    """Empty until somebody gives it one."""
    description: str
    aliases: tuple[str, ...]
    """Words that mean this model of its module, such as `production`."""
    created: datetime.datetime
    size: int
    """In bytes."""
    metrics: Mapping[str, float]
    """The numbers that the training returned."""
    job: records.Job


class TrainedModels:
    """All trained models of one state folder. Synchronous; may be called from any thread and several processes."""

    def __init__(self, database: pelagos.db.Database, jobs: jobs_.Jobs, clock: clock.Clock) -> None:
        self._records = store.Store(database)
        self._store = trained_store.Store(database)
        self._jobs = jobs
        self._clock = clock
        self._seen = -1

    def list(
        self, module: str | None = None, text: str = "", *, limit: int | None = None, offset: int = 0
    ) -> tuple[TrainedModel, ...]:
        """List models, newest first; `text` is looked for in id, module, title, description and aliases."""
        self._look_at_new()
        found = self._records.find(trained_store.conditions(module=module, text=text), limit=limit, offset=offset)
        return self._described(found)

    def count(self, module: str | None = None, text: str = "") -> int:
        """Count the models that `list` would list."""
        self._look_at_new()
        return self._records.count(trained_store.conditions(module=module, text=text))

    def get(self, model_id: str) -> TrainedModel:
        """Find a model by its id; raises NotFound."""
        self._look_at_new()
        number = _number(model_id)
        wanted = [*trained_store.conditions(module=None, text=""), store.jobs.c.id == number]
        found = self._records.find(wanted) if number else ()
        if not found:
            raise errors.NotFound(f"There is no trained model '{model_id[:80]}'.")
        return self._described(found)[0]

    def describe(self, model_id: str, *, title: str | None = None, description: str | None = None) -> TrainedModel:
        """Change title or description; what is None stays. Raises NotFound, InvalidInput."""
        known = self.get(model_id)
        said = {"title": title and " ".join(title.split()), "description": description}
        changes = {name: value for name, value in said.items() if value is not None}
        longest = {"title": LONGEST_TITLE, "description": LONGEST_DESCRIPTION}
        faults = {
            name: [f"has {len(value)} characters; {longest[name]} are the most"]
            for name, value in changes.items()
            if len(value) > longest[name]
        }
        if faults:
            raise errors.InvalidInput(faults)
        if changes:
            self._store.describe(known.id, changes)
        return self.get(known.id)

    def alias(self, model_id: str, alias: str) -> TrainedModel:
        """Let an alias mean this model; another model of the module that had it loses it in the same moment.

        Raises NotFound, and InvalidInput for a word that could be taken for something else.
        """
        if not _ALIAS.fullmatch(alias) or alias == PRETRAINED or _number(alias):
            expected = "a small letter, then small letters, digits, dots, dashes and underscores; not 'pretrained'"
            raise errors.InvalidInput({"alias": [f"'{alias[:80]}' cannot be one; expected {expected}"]})
        known = self.get(model_id)
        self._store.alias(known.module, alias, known.id, self._clock.now())
        return dataclasses.replace(known, aliases=tuple(sorted({*known.aliases, alias})))

    def unalias(self, module: str, alias: str) -> None:
        """Take an alias away, if it is there."""
        self._store.unalias(module, alias)

    def resolve(self, module: str, word: str) -> str:
        """Give the id of the model that a word means for a module: an id or an alias. Raises NotFound."""
        known = self.get(_number(word) or self._store.aliases(module).get(word, word))
        if known.module != module:
            raise errors.NotFound(f"Model {known.id} is one of the module {known.module}, not of {module}.")
        return known.id

    def delete(self, model_id: str) -> None:
        """Delete the files of a model and its training, if they are there; the training's record stays."""
        try:
            known = self.get(model_id)
        except errors.NotFound:
            return
        # Aliases first: of a crash in between a model is left that only its id means.
        self._store.forget(known.id)
        self._jobs.delete(known.id)

    def archive(self, model_id: str) -> Iterator[bytes]:
        """Give a model as a zip file, piece by piece as it is read. Raises NotFound, at once."""
        known = self.get(model_id)
        return zipping.pieces(self._jobs.run_folder(known.id).model, f"{known.module}-{known.id[:8]}")

    def _look_at_new(self) -> None:
        # Counted first: what ends in between is looked at now or the next time.
        done = self._store.ended_well()
        if done == self._seen:
            return
        new = self._store.unseen()
        self._store.note({job_id: zipping.size(self._jobs.run_folder(job_id).model) for job_id in new})
        self._seen = done

    def _described(self, found: tuple[records.Job, ...]) -> tuple[TrainedModel, ...]:
        said = self._store.said([job.id for job in found])
        return tuple(_model(job, said.get(job.id, trained_store.Said())) for job in found)


def metrics(result: Any) -> Mapping[str, float]:
    """Give the numbers of what a training returned."""
    items = result.items() if isinstance(result, dict) else ()
    return {name: value for name, value in items if isinstance(value, int | float) and not isinstance(value, bool)}


def _model(job: records.Job, said: trained_store.Said) -> TrainedModel:
    return TrainedModel(
        id=job.id,
        module=job.module,
        title=said.title,
        description=said.description,
        aliases=said.aliases,
        created=job.finished or job.created,
        size=said.size,
        metrics=metrics(job.result),
        job=job,
    )


def _number(word: str) -> str:
    """Write a uuid as we do; empty for what is none."""
    try:
        return uuid.UUID(word).hex
    except ValueError:
        return ""
