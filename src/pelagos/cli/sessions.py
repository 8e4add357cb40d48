"""List and end the login sessions of a hub: the browsers that are logged in."""

from __future__ import annotations

import argparse

from pelagos.cli import hub, output


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
    found = known.list()
    if given.json:
        output.as_json([hub.facts(each) for each in found])
    elif not found:
        output.note("No browser is logged in. To log one in: pelagos login")
    else:
        rows = [(each.id, each.agent, hub.moment(each.created), hub.moment(each.used)) for each in found]
        output.table(("SESSION", "BROWSER", "BEGUN", "LAST SEEN"), rows)
    return 0
