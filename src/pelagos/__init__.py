"""Pelagos: share, train, serve and run machine-learning modules.

Nearly empty on purpose: this file travels with `pelagos.module` into every module's environment, Python 3.8 included.
`pelagos.Client` is loaded when it is asked for; it is not part of those environments.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pelagos.cli.client import Client as Client

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Load the hub's Python client."""
    if name == "Client":
        return importlib.import_module("pelagos.cli.client").Client
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
