"""`deepaas-run`: serve DEEPaaS modules as DEEPaaS's own command does; its options, configuration file and variables.

Without `--model-name` or DEEPAAS_V2_MODEL all installed DEEPaaS modules are served.
"""

from __future__ import annotations

import argparse
import configparser
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pelagos.cli import assembly, deepaas_cli, dispatch
from pelagos.domain import errors

VALUES = ("listen-ip", "listen-port", "base-path", "model-name", "workers", "client-max-size")
SWITCHES = ("warm", "predict-endpoint", "train-endpoint", "doc-endpoint", "debug-endpoint")
UNLIMITED = "0"
"""DEEPaaS sets no limit to the size of a request."""


def main(words: Sequence[str] | None = None) -> int:
    """Run one command line of `deepaas-run` until somebody says stop."""
    return dispatch.guarded(lambda: _run(list(sys.argv[1:] if words is None else words)))


def translated(words: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """Give the words of `pelagos run` for those of `deepaas-run`; a module is among them only if it was named.

    Raises InvalidInput for a configuration file that cannot be read.
    """
    given = vars(_parser().parse_args(words))
    defaults = {"client-max-size": UNLIMITED, "model-name": environ.get("DEEPAAS_V2_MODEL", "")}
    said = {**defaults, **_from_file(given["config_file"])}
    said.update({name: value for name in (*VALUES, *SWITCHES) if (value := given[name.replace("-", "_")]) is not None})
    base = said.get("base-path", "")
    if base and not base.startswith("/"):
        raise errors.InvalidInput({"--base-path": [f"{base!r} should start with a '/'"]})
    flags = [word for name in VALUES if said.get(name) for word in (f"--{name}", said[name])]
    return flags + [f"--{name}" if _true(said[name]) else f"--no{name}" for name in SWITCHES if name in said]


def _run(words: list[str]) -> int:
    flags = translated(words, os.environ)
    if "--model-name" not in flags:
        known = assembly.environments_of(assembly.settings(argparse.Namespace(config_file=None)))
        flags = [each.name for each in deepaas_cli.chosen(known, None)] + flags
    return dispatch.main(["run", *flags])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="deepaas-run", description=__doc__, allow_abbrev=False)
    for name in VALUES:
        short = ["-p"] if name == "workers" else []
        parser.add_argument(*short, f"--{name}", metavar="VALUE")
    for name in SWITCHES:
        dest = name.replace("-", "_")
        parser.add_argument(f"--{name}", dest=dest, action="store_const", const="true")
        parser.add_argument(f"--no{name}", dest=dest, action="store_const", const="false", help=argparse.SUPPRESS)
    parser.add_argument(
        "--config-file", metavar="FILE", action="append", help="options in an INI file, as DEEPaaS reads it"
    )
    for words in (("-d", "--debug"), ("--nodebug",)):
        parser.add_argument(*words, dest="debug", action="store_true", help=argparse.SUPPRESS)
    return parser


def _from_file(files: Sequence[str] | None) -> dict[str, str]:
    """Read configuration files of oslo.config: `name = value` in the section DEFAULT, dashes as underscores."""
    found: dict[str, str] = {}
    for file in files or ():
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(Path(file).read_text(encoding="utf-8"), file)
        except (OSError, configparser.Error) as error:
            raise errors.InvalidInput({"--config-file": [f"'{file}' cannot be read: {error}"]}) from error
        found.update({name.replace("_", "-"): value for name, value in parser.defaults().items()})
    return {name: value for name, value in found.items() if name in (*VALUES, *SWITCHES)}


def _true(text: str) -> bool:
    return text.strip().lower() in ("true", "1", "yes", "on")


if __name__ == "__main__":
    sys.exit(main())
