"""From a site driver's name to its class, and what to install when it cannot be loaded."""

from __future__ import annotations

import difflib
import importlib.metadata
from collections.abc import Mapping

from pelagos.domain import errors
from pelagos.sites import driver

GROUP = "pelagos.sites"
"""Entry point group by which drivers, ours and others', are found."""


def names() -> tuple[str, ...]:
    """List the drivers that are installed."""
    return tuple(sorted(_points()))


def load(name: str) -> type[driver.SiteDriver]:
    """Import the driver class of a name.

    Raises NotFound for a name nobody has, MissingExtra when the driver needs a package that is not installed.
    """
    points = _points()
    if name not in points:
        near = difflib.get_close_matches(name, points, n=1)
        hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(sorted(points))}."
        raise errors.NotFound(f"There is no site driver '{name}'.", hint=hint)
    try:
        found: type[driver.SiteDriver] = points[name].load()
    except ModuleNotFoundError as error:
        if error.name == points[name].module:
            raise  # The driver itself is missing: a broken installation, nothing that an extra brings.
        hint = f"pip install 'pelagos[{name}]'"
        raise errors.MissingExtra(f"The site driver '{name}' needs the package {error.name}.", hint=hint) from error
    return found


def _points() -> Mapping[str, importlib.metadata.EntryPoint]:
    return {point.name: point for point in importlib.metadata.entry_points(group=GROUP)}
