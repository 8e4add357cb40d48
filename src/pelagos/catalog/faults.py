"""What is wrong with a card's source, where, and what would put it right."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any


class Severity(enum.StrEnum):
    """How much a fault matters."""

    ERROR = "error"
    """A fact could not be read; its value is kept in the card's `extra`."""
    WARNING = "warning"
    """The fact was understood, or left out, but its author should look at it."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One thing that is wrong in one place."""

    file: str
    """The file's name, relative to the folder of the module."""
    message: str
    """What is wrong, in one sentence."""
    suggestion: str = ""
    """What to write instead."""
    field: str = ""
    """The key, dotted: `links.dataset`."""
    line: int = 1
    """From 1."""
    column: int = 1
    """From 1."""
    severity: Severity = Severity.ERROR
    module: str = ""
    """Whose card it is, where the faults of several are listed; the file then begins with the way to its folder."""

    def __str__(self) -> str:
        """Say it in the form that editors jump to: `file:line:column: message`."""
        field = f"{self.field}: " if self.field else ""
        suggestion = f" {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}:{self.column}: {self.severity}: {field}{self.message}{suggestion}"


def of_plain(plain: Mapping[str, Any]) -> Fault:
    """Read back what `dataclasses.asdict` gave."""
    return Fault(**{**plain, "severity": Severity(plain["severity"])})
