"""Where the state folder is when nobody says, and the names of what the hub leaves in it for its clients."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

HUB = "hub.json"
"""While a hub runs: `{"address"}`."""
TOKEN = "hub.token"  # noqa: S105 - the name of a file
"""What programs of this person show to the hub; only the person can read it."""


def make(folder: Path) -> None:
    """Make the state folder so that nobody else looks into it, unless it is there; then its rights are its owner's."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def default(environ: Mapping[str, str]) -> Path:
    """Give the folder of the XDG base directory specification."""
    home = Path(environ.get("HOME") or Path.home())
    data = environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else home / ".local" / "share") / "pelagos"
