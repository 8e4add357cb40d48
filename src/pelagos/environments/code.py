"""Where a module's code is, for those who run it: workers and jobs."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from pelagos.environments import records


@dataclasses.dataclass(frozen=True)
class ModuleCode:
    """Where a module's code is and what runs it."""

    name: str
    kind: str
    """`native`, `deepaas` or `remote`."""
    entry: str
    """Its entry point, `package.file:Class`."""
    python: Path
    """The interpreter of the module's own environment."""
    path: Path
    """A folder that holds `pelagos.module` and nothing else of ours; its PYTHONPATH."""
    cwd: Path | None = None
    """Where the code expects to be run; None: anywhere."""

    @classmethod
    def of(cls, installed: records.Installed, path: Path) -> ModuleCode:
        """Tell where an installed module's code is; `path` is that of `Environments.author_path`."""
        return cls(installed.name, installed.kind, installed.entry, installed.python, path, installed.folder)
