"""Write small files so that a reader sees the old content or the new, never a part, whoever dies in between."""

from __future__ import annotations

import json
import os
import pathlib
from typing import Any, Union

AnyPath = Union[str, "os.PathLike[str]"]


def write(path: AnyPath, data: bytes, *, sync: bool = True) -> None:
    """Replace a file's content. With `sync` it also survives a power cut once this returns."""
    temporary = f"{os.fspath(path)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(descriptor, data)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
    if sync:
        sync_folder(pathlib.Path(path).parent)


def write_json(path: AnyPath, value: Any, *, sync: bool = True) -> None:
    """Replace a file's content by `value` as JSON."""
    write(path, json.dumps(value).encode(), sync=sync)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however many calls it takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_folder(path: AnyPath) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
