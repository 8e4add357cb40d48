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
    found = hub.of(given).sites()
    if given.json:
        output.as_json([hub.facts(each) for each in found])
        return 0
    output.table(("SITE", "CAN", "CPUS", "GPUS", "MEMORY", "WAIT", "NOTE"), [_row(each) for each in found])
    return 0


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
