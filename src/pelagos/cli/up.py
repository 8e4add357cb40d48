"""Start the hub: catalog, dashboard, deployments and runs, on this machine.

It prints its address and a link to log in, which works once and for a minute; `pelagos login` prints another one.
Ctrl+C ends it; trainings and deployments go on and are found again at the next start.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pelagos.cli import assembly, importing

if TYPE_CHECKING:
    from pelagos import orchestrator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--listen-ip", metavar="IP", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--listen-port", metavar="PORT", help="port to listen on; 0 takes a free one (default: 8800)")


def run(given: argparse.Namespace) -> int:
    """Serve until somebody says stop."""
    with importing.without_collector():
        from pelagos import app

    return app.serve(assembly.read_settings(given), on_listening=_tell)


def _tell(hub: orchestrator.Hub) -> None:
    print(f"Pelagos: {hub.address}/", flush=True)
    print(f"Log in:  {hub.address}/login?key={hub.people.new_login_key()}", flush=True)
