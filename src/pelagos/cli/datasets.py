"""List, upload and delete the data sets of a hub."""

from __future__ import annotations

import argparse
from pathlib import Path

from pelagos.cli import hub, output, things


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    hub.add_act(acts, "list", "list data sets")
    uploading = hub.add_act(acts, "upload", "upload a folder or an archive, or have an address fetched")
    uploading.add_argument("name", metavar="NAME", help="what it shall be called")
    uploading.add_argument("source", metavar="SOURCE", help="a folder, an archive or an address")
    deleting = hub.add_act(acts, "delete", "delete a data set")
    deleting.add_argument("name", metavar="NAME", help="of the data set")


def run(given: argparse.Namespace) -> int:
    """Do one of the acts."""
    asked = hub.of(given)
    known = asked.datasets
    if given.act == "upload":
        if given.source.startswith(("http://", "https://")):
            made = things.Record(**hub.followed(asked.acts.fetch(given.name, given.source)).outcome())
        else:
            made = known.upload(given.name, Path(given.source))
        return hub.show(given, made, f"{made.name}: {made.files} files, {output.size(made.bytes)}")
    if given.act == "delete":
        known.delete(given.name)
        return 0
    return hub.show_all(
        given,
        known.list(),
        none="There are no data sets.",
        head=("NAME", "FILES", "SIZE", "CREATED"),
        row=lambda each: (each.name, each.files, output.size(each.bytes), hub.moment(each.created)),
    )
