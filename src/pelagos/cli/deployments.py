"""List, look at, stop, start and delete deployments.

A deployment is named by its id or by the beginning of it.
"""

from __future__ import annotations

import argparse
import threading
from typing import Any

from pelagos.cli import client, hub, output, things

LOOK_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listing = hub.add_act(acts, "list", "list deployments, newest first")
    listing.add_argument("--module", metavar="MODULE", help="only those of this module")
    listing.add_argument("--limit", metavar="N", type=int, default=50, help="at most so many (default: 50)")
    for name, text in _ACTS.items():
        act = hub.add_act(acts, name, text)
        act.add_argument("deployment", metavar="ID", help="of the deployment")
        if name == "logs":
            act.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl+C")
            act.add_argument("--replica", metavar="N", type=int, default=0, help="of which replica (default: 0)")


_ACTS = {
    "show": "show everything about one deployment",
    "logs": "print what it printed",
    "stop": "end its processes; it can be started again",
    "start": "start it again",
    "delete": "end and remove it",
}


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    known = hub.of(given)
    if given.act == "list":
        return _list(given, known)
    found: things.Deployment = hub.by_beginning(known.deployments.list(limit=500), given.deployment, "deployment")
    if given.act == "logs":
        return _logs(given, found)
    if given.act == "show":
        return _show(given, known, found)
    getattr(found, given.act)()
    return hub.show(given, found, f"{found.id}  {found.state}")


def _list(given: argparse.Namespace, known: client.Client) -> int:
    found = known.deployments.list(module=given.module, limit=given.limit)
    head = ("ID", "MODULE", "WHAT", "STATE", "SITE", "CREATED", "TITLE")
    return hub.show_all(given, found, none="There are no deployments.", head=head, row=_row)


def _row(each: Any) -> tuple[str, ...]:
    return (each.id[:8], each.module, each.what, each.state, each.site or "-", hub.moment(each.created), each.title)


def _show(given: argparse.Namespace, known: client.Client, found: things.Deployment) -> int:
    history = known.ask("GET", f"/deployments/{found.id}/history")["items"]
    if given.json:
        output.as_json({**hub.facts(found), "history": history})
        return 0
    told = hub.facts(found)
    for name in ("id", "module", "what", "title", "state", "message", "site", "person"):
        print(f"{name:<10}{told[name] or '-'}")
    print(f"{'address':<10}{found.url}\n")
    output.table(("WHEN", "STATE", "WHY"), [(hub.moment(row["time"]), row["new"], row["message"]) for row in history])
    return 0


def _logs(given: argparse.Namespace, found: things.Deployment) -> int:
    at = 0
    while True:
        piece = found.log_bytes(at, given.replica)
        at += len(piece)
        print(piece.decode("utf-8", "replace"), end="", flush=True)
        if not piece and not given.follow:
            return 0
        if not piece:
            threading.Event().wait(LOOK_S)
