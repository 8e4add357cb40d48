"""What somebody wants to be run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import environments
from pelagos.domain import records, resources


@dataclasses.dataclass(frozen=True)
class ModuleCode:
    """Where a module's code is and what runs it."""

    name: str
    kind: str
    """`native` or `deepaas`."""
    entry: str
    """Its entry point, `package.file:Class`."""
    python: Path
    """The interpreter of the module's own environment."""
    path: Path
    """A folder that holds `pelagos.module` and nothing else of ours; the job's PYTHONPATH."""
    cwd: Path | None = None
    """Where the code expects to be run; the run folder if None."""

    @classmethod
    def of(cls, installed: environments.Installed, path: Path) -> ModuleCode:
        """Tell where an installed module's code is; `path` is that of `Environments.author_path`."""
        return cls(installed.name, installed.kind, installed.entry, installed.python, path, installed.folder)


@dataclasses.dataclass(frozen=True)
class Submission:
    """One job to be accepted."""

    kind: records.Kind
    module: ModuleCode
    arguments: Mapping[str, Any]
    """By keyword, validated, plain JSON. A file is `{"$file": {"name", "content_type", "path"}}`, a folder
    `{"$folder": path}`."""
    files: Mapping[str, Path | bytes] = dataclasses.field(default_factory=dict)
    """Uploads that the job takes over, by the `path` that stands for them in the arguments: a file, which is moved
    into the run folder, or its bytes. Other paths are used where they are."""
    resources: resources.Resources = dataclasses.field(default_factory=resources.Resources)
    site: str = "local"
    key: str | None = None
    """Idempotency key: the same key for the same module and kind is the same job, however often it is sent."""
    resume: Path | None = None
    """The model folder of an earlier training to go on from."""
    id: str | None = None
    """32 hexadecimal digits, when the caller wants to choose."""
    person: str = ""
    """Who asks for it."""
