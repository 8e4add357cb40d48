"""Deploy a module, a JupyterLab or a command of your own, kept running and reached through the hub."""

from __future__ import annotations

import argparse
from typing import Any

from pelagos.cli import hub, options, output

_RESOURCES = {
    "cpus": (int, "N", "processor cores"),
    "gpus": (int, "N", "accelerators"),
    "memory-mb": (int, "MB", "memory"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("module", metavar="MODULE", help="an installed module")
    parser.add_argument("--what", choices=("module", "jupyter", "command"), default="module", help="what to run")
    parser.add_argument("--command", nargs=argparse.REMAINDER, default=[], help="of a command: program and arguments")
    parser.add_argument("--title", default="", help="what people call it")
    parser.add_argument("--model", metavar="UUID", help="trained model, by its uuid or alias (default: pretrained)")
    parser.add_argument("--replicas", metavar="N", type=int, default=1, help="how many processes (default: 1)")
    parser.add_argument("--idle-stop-s", metavar="S", type=float, help="stop it after so long without a request")
    parser.add_argument("--site", help="where (default: the best one)")
    for name, (kind, metavar, text) in _RESOURCES.items():
        parser.add_argument(f"--{name}", metavar=metavar, type=kind, help=f"{text} of each replica")
    parser.add_argument("--dry-run", action="store_true", help="show where it would go and why; start nothing")
    parser.add_argument("--no-wait", action="store_true", help="do not wait until it answers")
    options.add_json(parser)
    options.add_hub(parser)


def run(given: argparse.Namespace) -> int:
    """Deploy it, and wait until it answers unless told not to."""
    known = hub.of(given)
    needs = {name.replace("-", "_"): getattr(given, name.replace("-", "_")) for name in _RESOURCES}
    resources = {name: value for name, value in needs.items() if value is not None}
    if given.dry_run:
        return _plan(given, known.plan(resources, given.site, ability="service"))
    wish: dict[str, Any] = {
        name: getattr(given, name) for name in ("what", "title", "model", "replicas", "idle_stop_s", "site")
    }
    made = known.deploy(given.module, command=given.command, resources=resources, **wish)
    if not given.no_wait:
        made.wait()
    return hub.show(given, made, f"{made.id}  {made.state}  {made.url}")


def _plan(given: argparse.Namespace, plan: Any) -> int:
    if given.json:
        output.as_json(hub.facts(plan))
        return 0
    rows = [(row["site"], output.number(row["score"]), " ".join(row["reasons"])) for row in plan.rows]
    output.table(("SITE", "SCORE", "REASONS"), rows)
    print(f"It would run on {plan.site}." if plan.site else "No site can take it.")
    return 0 if plan.site else 1
