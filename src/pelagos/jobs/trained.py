"""Trained models: the finished trainings that left a model, with the names and aliases people gave them."""

from __future__ import annotations

import pelagos.db
from pelagos.domain import clock
from pelagos.jobs import jobs as jobs_
from pelagos.jobs import trained_store


class TrainedModels:
    """All trained models of one state folder."""

    def __init__(self, database: pelagos.db.Database, jobs: jobs_.Jobs, clock: clock.Clock) -> None:
        self._store = trained_store.Store(database)
        self._jobs = jobs
        self._clock = clock
