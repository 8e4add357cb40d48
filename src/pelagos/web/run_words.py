"""What the pages of runs know about a module: its training arguments, remembered for a moment."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

from pelagos import environments
from pelagos.domain import errors, records
from pelagos.runtime.console import described

REMEMBERED_S = 30.0


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

    def parameters(self, module: str) -> described.Parameters:
        """Give the training arguments of a module; none when it is not known."""
        return described.parameters(self.find(module), "train")

    def chosen(self, job: records.Job) -> dict[str, Any]:
        """Give the arguments of a run that differ from their defaults, secrets left out."""
        return described.chosen(self.parameters(job.module), job.arguments)

    def _ask(self, module: str) -> Mapping[str, Any] | None:
        try:
            return self._modules.describe(self._modules.find(module))
        except errors.PelagosError:
            return None
