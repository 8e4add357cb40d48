"""What the pages of runs know about a module: the arguments it takes, remembered for a moment."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from pelagos import environments
from pelagos.domain import errors, records
from pelagos.runtime.console import described

REMEMBERED_S = 30.0
_METHODS: Mapping[records.Kind, str] = {records.Kind.TRAINING: "train", records.Kind.BATCH_PREDICTION: "predict"}


@dataclasses.dataclass(frozen=True)
class _Remembered:
    until: float
    description: Mapping[str, Any] | None


class Descriptions:
    """Descriptions of installed modules. One that cannot be imported is not asked again with every page."""

    def __init__(self, modules: environments.Environments) -> None:
        self._modules = modules
        self._known: dict[str, _Remembered] = {}

    def find(self, module: str) -> Mapping[str, Any] | None:
        """Give a module's description; None when it is not installed or cannot be imported."""
        known = self._known.get(module)
        if known is None or known.until < time.monotonic():
            known = self._known[module] = _Remembered(time.monotonic() + REMEMBERED_S, self._ask(module))
        return known.description

    def parameters(self, job: records.Job) -> described.Parameters:
        """Give the arguments that a run's module takes; none when it is not known."""
        return described.parameters(self.find(job.module), _METHODS[job.kind])

    def chosen(self, job: records.Job) -> dict[str, Any]:
        """Give the arguments of a run that differ from their defaults, secrets left out."""
        return described.chosen(self.parameters(job), job.arguments)

    def _ask(self, module: str) -> Mapping[str, Any] | None:
        try:
            return self._modules.describe(self._modules.find(module))
        except errors.PelagosError:
            return None
