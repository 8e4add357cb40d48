"""List, follow and cancel what a hub itself does for long: data sets it fetches, installations, proposals, sources."""

from __future__ import annotations

import argparse
from typing import Any

from pelagos.cli import hub


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    hub.add_act(acts, "list", "list those of the last month")
    for name, text in {"follow": "show how one goes until it has ended", "cancel": "ask one to end"}.items():
        hub.add_act(acts, name, text).add_argument("id", metavar="ID", help="of the act, or the beginning of it")


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    found = hub.of(given).acts.list(limit=500)
    if given.act == "list":
        return _list(given, found)
    one = hub.by_beginning(found, given.id, "act")
    if given.act == "cancel":
        one.cancel()
    else:
        hub.followed(one)
    return hub.show(given, one, f"{one.kind} {one.about}: {one.state}")


def _list(given: argparse.Namespace, found: list[Any]) -> int:
    head = ("ACT", "KIND", "ABOUT", "STATE", "STEP", "BEGUN")
    return hub.show_all(given, found, none="The hub has nothing to do.", head=head, row=_row)


def _row(each: Any) -> tuple[str, ...]:
    return (each.id[:8], each.kind, each.about, each.state, each.step, hub.moment(each.created))
