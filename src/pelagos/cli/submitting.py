"""Arguments of a training as the job gets them: plain JSON, and the copies of files that it takes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.runtime import calls

Files = dict[str, Path | bytes]
Submitted = tuple[dict[str, Any], Files]


def submitted(arguments: Mapping[str, Any], parameters: Sequence[Mapping[str, Any]]) -> Submitted:
    """Turn validated arguments into those of a submission."""
    schemas = {each["keyword"]: each["schema"] for each in parameters}
    files: Files = {}
    return {name: _plain(value, schemas[name], files) for name, value in arguments.items()}, files


def file(upload: calls.Upload, files: Files) -> dict[str, Any]:
    """Turn a file into its place; a copy is added to `files`, one on disk is used where it is.

    It is the person's own, and not to be moved.
    """
    path = str(upload.path or f"{len(files)}/{upload.name}")
    if upload.data is not None:
        files[path] = bytes(upload.data)
    return {"$file": {"name": upload.name, "content_type": upload.content_type, "path": path}}


def _plain(value: Any, schema: Mapping[str, Any], files: Files) -> Any:
    if isinstance(value, calls.Upload):
        return file(value, files)
    if isinstance(value, list):
        return [_plain(item, schema.get("items", {}), files) for item in value]
    return {"$folder": value} if schema.get("format") == "folder" and value is not None else value
