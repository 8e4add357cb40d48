"""What somebody wants to be run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos import environments
from pelagos.domain import records, resources


@dataclasses.dataclass(frozen=True)
class Submission:
    """One job to be accepted."""

    kind: records.Kind
    module: environments.ModuleCode
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
