"""`deepaas-run`: serve DEEPaaS modules as DEEPaaS's own command does; its options, configuration file and variables.

Without `--model-name` or DEEPAAS_V2_MODEL all installed DEEPaaS modules are served.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence

from pelagos.cli import assembly, deepaas_cli, deepaas_configuration, dispatch
from pelagos.domain import errors

PROGRAM = "deepaas-run"
VALUES = ("listen-ip", "listen-port", "base-path", "model-name", "workers", "client-max-size")
SWITCHES = ("warm", "predict-endpoint", "train-endpoint", "doc-endpoint", "debug-endpoint")
UNLIMITED = "0"
"""DEEPaaS sets no limit to the size of a request."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line of `deepaas-run` until somebody says stop."""
    return dispatch.guarded(lambda: _run(list(sys.argv[1:] if words is None else words)))


def options(words: Sequence[str], environ: Mapping[str, str]) -> dict[str, str]:
    """Give what is said in all places, by name of the option: words, then variables, then files.

    Raises InvalidInput for a configuration file that cannot be read.
    """
    given = _parser().parse_args(words)
    said = {name: getattr(given, name.replace("-", "_")) for name in (*VALUES, *SWITCHES)}
    elsewhere = deepaas_configuration.said(given, PROGRAM, environ)
    defaults = {"client-max-size": UNLIMITED, "model-name": environ.get("DEEPAAS_V2_MODEL", "")}
    return {**defaults, **elsewhere, **{name: value for name, value in said.items() if value is not None}}


def flags(said: Mapping[str, str]) -> list[str]:
    """Give the words of `pelagos run` for what `deepaas-run` was told; a module is among them only if it was named.

    Raises InvalidInput for a value that is not understood.
    """
    base = said.get("base-path", "")
    if base and not base.startswith("/"):
        raise errors.InvalidInput({"--base-path": [f"{base!r} should start with a '/'"]})
    words = [word for name in VALUES if said.get(name) for word in (f"--{name}", said[name])]
    return words + [f"--{name}" if _true(name, said[name]) else f"--no{name}" for name in SWITCHES if said.get(name)]


def _run(words: list[str]) -> int:
    said = options(words, os.environ)
    found = flags(said)
    deepaas_configuration.open_log(said, PROGRAM)
    if not said["model-name"]:
        known = assembly.environments_of(assembly.settings(argparse.Namespace(config_file=None)))
        found = [each.name for each in deepaas_cli.chosen(known, None)] + found
    return dispatch.main(["run", *found])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    for name in VALUES:
        short = ["-p"] if name == "workers" else []
        parser.add_argument(*short, f"--{name}", metavar="VALUE")
    for name in SWITCHES:
        dest = name.replace("-", "_")
        parser.add_argument(f"--{name}", dest=dest, action="store_const", const="true")
        parser.add_argument(f"--no{name}", dest=dest, action="store_const", const="false", help=argparse.SUPPRESS)
    deepaas_configuration.add_options(parser)
    return parser


def _true(name: str, text: str) -> bool:
    words = {**dict.fromkeys(("true", "1", "yes", "on"), True), **dict.fromkeys(("false", "0", "no", "off"), False)}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise errors.InvalidInput({f"--{name}": [f"'{text}' is neither true nor false"]}) from None


if __name__ == "__main__":
    sys.exit(main())
