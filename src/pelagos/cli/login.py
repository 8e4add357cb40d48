"""Print a link to log in to the hub that runs here; it works once, and for a minute."""

from __future__ import annotations

import argparse

from pelagos.cli import assembly, options, output
from pelagos.domain import errors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    options.add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Print the link."""
    from pelagos import db, identity
    from pelagos.cli import transport
    from pelagos.domain import clock

    chosen = assembly.settings(given)
    address = transport.local_address(chosen.state_dir)
    if address is None:
        raise errors.NotFound("no hub runs on this state folder", hint="Start one: pelagos up")
    people = identity.LocalIdentity(
        db.connect(chosen.database_url), token_file=chosen.token_file, clock=clock.SystemClock()
    )
    link = f"{address}/login?key={people.new_login_key()}"
    if given.json:
        output.as_json({"address": address, "link": link})
    else:
        print(link)
    return 0
