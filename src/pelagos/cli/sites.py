"""Show the sites where jobs and deployments can run, and what each has."""

from __future__ import annotations

import argparse
from typing import Any

from pelagos.cli import hub, options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    options.add_json(parser)
    options.add_hub(parser)


def run(given: argparse.Namespace) -> int:
    """Print them."""
    head = ("SITE", "CAN", "CPUS", "GPUS", "MEMORY", "WAIT", "NOTE")
    return hub.show_all(given, hub.of(given).sites(), none="There are no sites.", head=head, row=_row)


def _row(site: Any) -> tuple[str, ...]:
    offer = site.offers[0] if site.offers else {}
    free = offer.get("free") or {}
    memory, wait = free.get("memory_mb"), offer.get("wait_s")
    return (
        site.name,
        " ".join(site.can),
        _or_dash(free.get("cpus")),
        _or_dash(free.get("gpus")),
        "-" if memory is None else output.size(memory * 2**20),
        "-" if wait is None else output.duration(wait),
        site.message or " ".join(offer.get("reasons", ())),
    )


def _or_dash(value: Any) -> str:
    return "-" if value is None else str(value)
