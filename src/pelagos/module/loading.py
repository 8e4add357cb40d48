"""Find a module's code in this Python environment and put the right adapter around it."""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import os
from typing import Any, Dict, Iterator, List, Optional, Tuple

from pelagos.module.adapter import Adapter

NATIVE_GROUP = "pelagos.modules"
DEEPAAS_GROUP = "deepaas.v2.model"

_ADAPTERS = {
    "native": "pelagos.module.native:NativeAdapter",
    "deepaas": "pelagos.module.deepaas:DeepaasAdapter",
    "remote": "pelagos.module.remote:RemoteAdapter",
}


_TELEMETRY_OFF = ("ORT_DISABLE_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK")
"""Libraries report to their makers unless told not to; ONNX Runtime also leaves files in the temporary folder."""


def discover() -> List[Tuple[str, str, str]]:
    """List (kind, name, entry) of every module installed in this environment, native ones first."""
    return [("native", *found) for found in _entries(NATIVE_GROUP)] + [
        ("deepaas", *found) for found in _entries(DEEPAAS_GROUP)
    ]


def load(name: str, *, kind: str, entry: str) -> Adapter:
    """Import a module's code. Raises whatever the import raises; AttributeError when the entry names nothing."""
    for variable in _TELEMETRY_OFF:
        os.environ.setdefault(variable, "1")
    # By name, so that a worker imports the one adapter that it needs.
    file, _, adapter = _ADAPTERS[kind].partition(":")
    room = importlib.import_module(file)
    if kind == "deepaas":
        room.prepare()
    facts = functools.partial(_distribution_facts, entry)
    # The entry of a module that another server serves is its address.
    made: Adapter = getattr(room, adapter)(entry if kind == "remote" else target(entry), name=name, metadata=facts)
    return made


def target(entry: str) -> Any:
    """Import what an entry point names: a Python module, or something inside it."""
    found: Any = importlib.import_module(entry.partition(":")[0])
    for part in filter(None, entry.partition(":")[2].split(".")):
        found = getattr(found, part)
    return found


def _entries(group: str) -> Iterator[Tuple[str, str]]:
    for distribution in importlib.metadata.distributions():
        for point in distribution.entry_points:
            if point.group == group:
                yield point.name, point.value


def _distribution_facts(entry: str) -> Dict[str, Any]:
    distribution = _distribution(entry)
    if distribution is None:
        return {}
    keys = ("Name", "Version", "Summary", "Author", "Author-email", "License", "License-Expression")
    said = {key.lower(): distribution.metadata[key] for key in keys if key in distribution.metadata}
    return {key: value for key, value in said.items() if value and value != "UNKNOWN"}


def _distribution(entry: str) -> Optional[importlib.metadata.Distribution]:
    for distribution in importlib.metadata.distributions():
        if any(point.value == entry for point in distribution.entry_points):
            return distribution
    return None
