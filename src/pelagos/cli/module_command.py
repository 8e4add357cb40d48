"""What `predict` and `train` have in common: most of their flags are known only when the module is.

So the words behind MODULE are parsed a second time, with the module's description at hand.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from pelagos import config, environments
from pelagos.cli import assembly, module_flags, options
from pelagos.domain import errors

AddOptions = Callable[[argparse.ArgumentParser], None]


@dataclasses.dataclass(frozen=True)
class ModuleCommand:
    """A command whose module has been found and whose words are understood."""

    settings: config.Settings
    known: environments.Environments
    installed: environments.Installed
    description: Mapping[str, Any]
    method: Mapping[str, Any]
    """Of the description: `predict` or `train`."""
    flags: module_flags.ModuleFlags
    options: argparse.Namespace


def add_arguments(parser: argparse.ArgumentParser, add_options: AddOptions, usage: str) -> None:
    """Say what the command takes before its module is known."""
    parser.usage = f"{parser.prog} MODULE {usage}"
    parser.epilog = f"{parser.prog} MODULE --help lists the arguments of that module."
    parser.add_argument("module", metavar="MODULE", help="name of an installed module, or a folder")
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    add_options(parser)


def understand(first: argparse.Namespace, *, method: str, add_options: AddOptions, usage: str) -> ModuleCommand:
    """Find the module and parse the rest; nothing is judged yet but the shape of the words.

    Raises NotFound for the module, InvalidInput when it lacks the method.
    """
    where = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_shared(where)
    _, words = where.parse_known_args(first.words, namespace=first)
    known = assembly.environments_of(assembly.settings(first))
    installed = assembly.module_of(known, first.module)
    description = known.describe(installed)
    if description[method] is None:
        raise errors.InvalidInput(
            {"MODULE": [f"'{installed.name}' has no {method}"]}, hint=f"pelagos describe {installed.name}"
        )
    parser = argparse.ArgumentParser(
        prog=f"pelagos {method} {first.module}",
        usage=f"pelagos {method} {first.module} {usage}",
        description=description["summary"],
        # A module may call one argument `a_b` and another `a-b`: the later one gets the flag, and nothing breaks.
        conflict_handler="resolve",
        allow_abbrev=False,
    )
    add_options(parser)
    options.add_shared(parser)
    reserved = frozenset(flag for action in parser._actions for flag in action.option_strings)
    flags = module_flags.ModuleFlags(
        description[method]["parameters"],
        reserved=reserved,
        # A container does not see the person's files, and a DEEPaaS module may remove what it was given.
        copies=installed.kind == "deepaas" or (installed.in_image and method == "predict"),
    )
    flags.add_to(parser)
    del first.words
    found = flags.parse(parser, words, into=first)
    return ModuleCommand(
        settings=assembly.settings(found),
        known=known,
        installed=installed,
        description=description,
        method=description[method],
        flags=flags,
        options=found,
    )
