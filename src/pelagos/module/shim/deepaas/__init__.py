"""The names that modules import from DEEPaaS, for environments that have none; Pelagos does the serving."""

from __future__ import annotations

__version__ = "2.6.0"
"""The release whose contract Pelagos serves."""


def extract_version() -> str:
    """Give the release whose contract is served."""
    return __version__
