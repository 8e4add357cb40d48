"""Read the parts of a module's description that pages show: the card its author wrote, and its distribution's facts."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any


def card(description: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the content of the module's `module.toml`; empty when it has none, or one that cannot be read."""
    try:
        return tomllib.loads(description.get("card") or "")
    except tomllib.TOMLDecodeError:
        return {}


def title(description: Mapping[str, Any]) -> str:
    """Name the module for people."""
    said = card(description).get("title")
    return said if isinstance(said, str) and said else str(description["name"])


def summary(description: Mapping[str, Any]) -> str:
    """Say in one sentence what the module does."""
    said = card(description).get("summary")
    return said if isinstance(said, str) and said else str(description.get("summary", ""))


def facts(description: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List what is known about the module, the author's card first, then its distribution."""
    seen = {**card(description)}
    for key, value in description.get("metadata", {}).items():
        if key != "card":
            seen.setdefault(key, value)
    hidden = {"title", "summary", "examples", "name"}
    return [(key, value) for key, value in seen.items() if key not in hidden and value not in ("", None, [], {})]
