"""Show all settings, their values and where each comes from.

A setting is read from a flag of the command, else from its environment variable, else from the file (pelagos.toml in
the state folder, or --config-file), else it has its default.
"""

from __future__ import annotations

import argparse

from pelagos import config
from pelagos.cli import assembly, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    read = assembly.read_settings(options)
    rows = [(each, read.shown(each.name), read.origins[each.name]) for each in config.names()]
    if options.json:
        output.as_json(
            [
                {"name": each.name, "value": value, "from": origin, "variable": each.variable, "help": each.help}
                for each, value, origin in rows
            ]
        )
        return 0
    output.table(("SETTING", "VALUE", "FROM"), [(each.name, _shown(value), origin) for each, value, origin in rows])
    return 0


def _shown(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
