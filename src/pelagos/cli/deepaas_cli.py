"""`deepaas-cli`: call the functions of a DEEPaaS module from batch scripts, as with DEEPaaS's own command.

`deepaas-cli [--deepaas_method_output FILE] {get_metadata|warm|predict|train} [--argument value ...]`. The module is the
one of DEEPAAS_V2_MODEL or `--model-name`, or the only one there is; its own Python does the work. Options of our own
stand before the function's name.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from pelagos import environments
from pelagos.cli import assembly, deepaas_configuration, dispatch
from pelagos.domain import errors

KIND = "deepaas"
PROGRAM = "deepaas-cli"
OUTPUT = "--deepaas_method_output"


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line of `deepaas-cli`; the module's Python takes this process over."""
    return dispatch.guarded(lambda: _run(list(sys.argv[1:] if words is None else words)))


def chosen(known: environments.Environments, name: str | None) -> list[environments.Installed]:
    """Find the module that is meant; all DEEPaaS modules when none was named. Raises NotFound."""
    if name:
        return [known.find(name)]
    found = [each for each in known.list() if each.kind == KIND]
    if not found:
        raise errors.NotFound("there is no DEEPaaS module", hint="Install one: pelagos install SOURCE")
    return found


def _run(words: list[str]) -> int:
    given, rest = _parser().parse_known_args(words)
    said = deepaas_configuration.said(given, PROGRAM, os.environ)
    known = assembly.environments_of(assembly.settings(given))
    found = chosen(known, given.model_name or os.environ.get("DEEPAAS_V2_MODEL") or said.get("model-name"))
    if len(found) > 1:
        names = ", ".join(each.name for each in found)
        raise errors.InvalidInput({"--model-name": [f"is missing (or DEEPAAS_V2_MODEL); expected one of {names}"]})
    output = given.deepaas_method_output or said.get("deepaas-method-output")
    rest += [*([OUTPUT, output] if output else []), *given.rest]
    python = str(found[0].python)
    command = [python, "-m", "pelagos.module.deepaas_command", found[0].name, found[0].entry, *rest]
    deepaas_configuration.open_log(said, PROGRAM)
    sys.stdout.flush()
    # No child: signals, exit code and standard streams are then the module's own.
    os.execve(python, command, {**os.environ, "PYTHONPATH": str(known.author_path())})  # noqa: S606


def _parser() -> argparse.ArgumentParser:
    """Know our own options, which stand before the function's name; all else is for the module's Python to read."""
    parser = argparse.ArgumentParser(prog=PROGRAM, add_help=False)
    parser.add_argument("--model-name")
    parser.add_argument("--state-dir")
    parser.add_argument(OUTPUT)
    deepaas_configuration.add_options(parser)
    # Our own settings are in the state folder: a configuration file is one of DEEPaaS here.
    parser.set_defaults(config_file=None)
    parser.add_argument("rest", nargs=argparse.REMAINDER)
    return parser


if __name__ == "__main__":
    sys.exit(main())
