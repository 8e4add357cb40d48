"""Check a module and propose it to the catalog.

The check reads the card (every fault with file, line and column), compares its licence with the LICENSE file, runs its
examples in the module's own environment, looks for pickles, and says what the card lacks. A reviewer then accepts the
proposal, or sends it back.
"""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from pelagos.cli import assembly, options, output
from pelagos.cli import catalog as catalog_command

if TYPE_CHECKING:
    from pelagos import catalog
    from pelagos.catalog import checking

_WISHES_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("path", metavar="PATH", type=Path, help="the folder of the module")
    parser.add_argument("--check", action="store_true", help="only check it: 0 when it can be proposed, else 1")
    parser.add_argument("--no-examples", action="store_true", help="do not install the module, and run no example")
    options.add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Check, show what was found, and propose."""
    from pelagos.catalog import checking
    from pelagos.domain import clock

    chosen = assembly.settings(given)
    modules = None if given.no_examples else assembly.environments_of(chosen)
    with output.installing() as progress:
        report = checking.check(given.path, clock=clock.SystemClock(), modules=modules, progress=progress)
    if not given.json:
        _show(report)
    proposal = None
    if report.ready and not given.check:
        proposal = catalog_command.rooms(chosen).proposals.propose(report, getpass.getuser())
    if given.json:
        output.as_json({**report.plain(), "ready": report.ready, "proposal": proposal and proposal.id})
    else:
        _tell(report, proposal)
    return 0 if report.ready else 1


def _show(report: checking.Report) -> None:
    for fault in (*report.faults, *report.pickles):
        print(fault)
    for each in report.examples:
        print(f"example “{each.name}”: {'passed' if each.passed else each.message} ({output.duration(each.seconds)})")
    if report.card is not None:
        print(f"The card of {report.card.name} is {report.score}% complete.")
    for wish in report.missing[:_WISHES_SHOWN]:
        print(f"  {wish.field}: {wish.advice}")


def _tell(report: checking.Report, proposal: catalog.Proposal | None) -> None:
    if proposal is not None:
        print(f"Proposed: {proposal.id}")
        output.note(f"A reviewer decides: pelagos catalog accept {proposal.id}, or catalog return {proposal.id}")
    elif not report.ready:
        output.note("pelagos: it cannot be proposed yet: put right what is marked as error or did not pass.")
