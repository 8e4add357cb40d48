"""The doors for people: `pelagos run, install, predict, train, jobs ...`.

A command loads its room when it is called, so the help needs nothing but Python.
"""

from pelagos.cli.dispatch import main, parses

__all__ = ["main", "parses"]
