"""What is remembered of an installed module: `<root>/<name>/installed.json`, the last thing an installation writes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = "installed.json"
IMAGE_FILE = "image.json"
"""In an environment: the facts of the image that it stands for."""


@dataclasses.dataclass(frozen=True)
class Installed:
    """One module that can be run."""

    name: str
    """Of the entry point; what a person types."""
    kind: str
    """`native`, `deepaas`, or `remote` when another server has it."""
    entry: str
    """Where its code is: `package:Class`, or a package; of a remote module its address."""
    python: Path
    """The interpreter that has it."""
    distribution: str = ""
    version: str = ""
    source: str = ""
    """What was asked for, paths made absolute."""
    folder: Path | None = None
    """The module's own folder when it is installed editable."""
    environment: Path | None = None
    """Its virtual environment; None when it lives in the interpreter that Pelagos runs in."""
    siblings: tuple[str, ...] = ()
    """All modules of the same distribution, itself included."""
    extra: tuple[str, ...] = ()
    """Requirements that were asked for beside it."""
    stamp: str = ""
    """Digest of what was installed; an equal one needs no new installation."""
    size_bytes: int = 0
    """Disk use of the environment."""
    took_s: float = 0.0
    """How long the installation took."""
    installed: str = ""
    """When, in ISO 8601, UTC."""

    @property
    def in_image(self) -> bool:
        """Whether it lives in a container image; only folders that are mounted are there."""
        return self.environment is not None and (self.environment / IMAGE_FILE).exists()

    def as_json(self) -> dict[str, Any]:
        """Give the plain form."""
        return {key: str(value) if isinstance(value, Path) else value for key, value in vars(self).items()}

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Installed:
        """Read the plain form back; keys of newer versions are passed over."""
        known = {field.name for field in dataclasses.fields(cls)}
        values = {key: value for key, value in plain.items() if key in known}
        for key in ("python", "folder", "environment"):
            values[key] = None if values.get(key) is None else Path(values[key])
        for key in ("siblings", "extra"):
            values[key] = tuple(values.get(key, ()))
        return cls(**values)


def write(root: Path, record: Installed) -> None:
    """Make a module visible, as a whole and for good: temporary file, fsync, rename, fsync of the folder."""
    folder = root / record.name
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f"{FILE}.tmp"
    with temporary.open("w", encoding="utf-8") as target:
        json.dump(record.as_json(), target, indent=1)
        target.flush()
        os.fsync(target.fileno())
    temporary.replace(folder / FILE)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(root: Path, name: str) -> Installed | None:
    """Read one record; None when there is none, or when its interpreter is gone."""
    record = read_any(root, name)
    return record if record is not None and record.python.exists() else None


def read_any(root: Path, name: str) -> Installed | None:
    """Read one record although its interpreter may be gone; None when there is none."""
    try:
        text = (root / name / FILE).read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Installed.from_json(json.loads(text))


def read_all(root: Path) -> Iterator[Installed]:
    """Read every record, by name."""
    for folder in sorted(root.glob(f"[!.]*/{FILE}")):
        record = read(root, folder.parent.name)
        if record is not None:
            yield record


def forget(root: Path, name: str) -> None:
    """Make a module invisible; silent when it is."""
    (root / name / FILE).unlink(missing_ok=True)
    shutil.rmtree(root / name, ignore_errors=True)
