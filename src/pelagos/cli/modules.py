"""List and remove installed modules."""

from __future__ import annotations

import argparse

from pelagos.cli import assembly, options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    acts = parser.add_subparsers(dest="act", metavar="ACT")
    listing = acts.add_parser("list", help="list all modules (also without ACT)", allow_abbrev=False)
    removing = acts.add_parser("remove", help="delete a module and its environment", allow_abbrev=False)
    removing.add_argument("module", metavar="MODULE", help="name of the module")
    for each in (listing, removing):
        each.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print JSON")
        options.add_shared(each, below=True)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(given: argparse.Namespace) -> int:
    """List, or remove one."""
    known = assembly.environments_of(assembly.settings(given))
    if given.act == "remove":
        removed = known.remove(given.module)
        output.as_json(removed.as_json()) if given.json else print(f"{removed.name} is removed")
        return 0
    modules = known.list()
    if given.json:
        output.as_json([each.as_json() for each in modules])
    elif not modules:
        output.note("No module is installed yet. To install one: pelagos install SOURCE")
    else:
        head = ("MODULE", "VERSION", "KIND", "SIZE", "SOURCE")
        rows = [(each.name, each.version, each.kind, _size(each.size_bytes), each.source or "-") for each in modules]
        output.table(head, rows)
    return 0


def _size(size_bytes: int) -> str:
    return output.size(size_bytes) if size_bytes else "-"
