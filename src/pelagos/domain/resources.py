"""What a job or deployment needs."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


@dataclasses.dataclass(frozen=True)
class Resources:
    """Needs of one job; None means: as much as the site gives."""

    cpus: int | None = None
    """Processor cores."""
    gpus: int = 0
    """Accelerators."""
    memory_mb: int | None = None
    """Resident memory of the whole process tree, in MiB."""
    wall_time_s: float | None = None
    """Longest run, in seconds."""

    def as_json(self) -> dict[str, Any]:
        """Give the plain form that is stored and sent."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Resources:
        """Read the plain form back; unknown keys are ignored so that newer records stay readable."""
        known = {field.name for field in dataclasses.fields(cls)}
        return cls(**{key: value for key, value in plain.items() if key in known})
