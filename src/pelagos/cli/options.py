"""Options that several commands have."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

from pelagos.domain import errors

A = TypeVar("A")
B = TypeVar("B")


def add_shared(parser: argparse.ArgumentParser, *, below: bool = False) -> None:
    """Add the options that every command has; `below` for the acts of a command that has them too."""
    group = parser.add_argument_group("where things are")
    # What an act does not say must not undo what stands in front of it.
    default = argparse.SUPPRESS if below else None
    places = {
        "--state-dir": ("DIR", "folder of modules, jobs and models (PELAGOS_STATE_DIR)"),
        "--config-file": ("FILE", "settings; by default pelagos.toml in the state folder"),
    }
    for flag, (metavar, text) in places.items():
        group.add_argument(flag, metavar=metavar, default=default, help=text)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add `--json`."""
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")


def add_hub(parser: argparse.ArgumentParser, *, below: bool = False) -> None:
    """Add `--hub`, of the commands that ask a hub."""
    default = argparse.SUPPRESS if below else None
    text = "the hub to ask (PELAGOS_HUB); by default the one that runs on the state folder"
    parser.add_argument("--hub", metavar="URL", default=default, help=text)


def together(one: Callable[[], A], other: Callable[[], B]) -> tuple[A, B]:
    """Read two groups of options. Raises InvalidInput with the faults of both."""
    try:
        first = one()
    except errors.InvalidInput as bad:
        try:
            other()
        except errors.InvalidInput as worse:
            raise errors.InvalidInput({**bad.faults, **worse.faults}) from None
        raise
    return first, other()
