"""List and end the login sessions of a hub: the browsers that are logged in."""

from __future__ import annotations

import argparse

from pelagos.cli import hub


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    hub.add_act(acts, "list", "list the browsers that are logged in")
    ending = hub.add_act(acts, "end", "log one of them out, or all")
    ending.add_argument("id", nargs="?", metavar="ID", help="of the session; all without it")


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    known = hub.of(given).sessions
    if given.act == "end":
        known.end(given.id)
        return 0
    return hub.show_all(
        given,
        known.list(),
        none="No browser is logged in. To log one in: pelagos login",
        head=("SESSION", "BROWSER", "BEGUN", "LAST SEEN"),
        row=lambda each: (each.id, each.agent, hub.moment(each.created), hub.moment(each.used)),
    )
