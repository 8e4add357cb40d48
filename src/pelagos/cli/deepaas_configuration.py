"""What DEEPaaS's commands read beside their own options: files and variables, as oslo.config does, and where to log.

https://docs.openstack.org/oslo.config/latest/reference/index.html
"""

from __future__ import annotations

import argparse
import configparser
import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pelagos.domain import errors
from pelagos.module.shim import deepaas

VARIABLES = "OS_DEFAULT__"
LOG_VALUES: Mapping[str, Sequence[str]] = {
    "log-file": ["--logfile"],
    "log-dir": ["--logdir"],
    "log-config-append": ["--log-config", "--log_config"],
    "log-date-format": [],
    "syslog-log-facility": [],
}
"""Options, with their other names. All but the first two are taken without a word: our log has one form."""
LOG_SWITCHES = ("debug", "use-journal", "use-json", "use-syslog", "watch-log-file")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that all commands of DEEPaaS have."""
    group = parser.add_argument_group("configuration and log, as DEEPaaS has them")
    for kind, text in (("file", "options in an INI file"), ("dir", "all *.conf in a folder")):
        tagged = functools.partial(_tagged, kind)
        group.add_argument(f"--config-{kind}", dest="config", action="append", type=tagged, metavar="PATH", help=text)
    for name, others in LOG_VALUES.items():
        text = "where the log goes" if name in ("log-file", "log-dir") else argparse.SUPPRESS
        group.add_argument(f"--{name}", *others, metavar="VALUE", help=text)
    for name in LOG_SWITCHES:
        short = ["-d"] if name == "debug" else []
        group.add_argument(*short, f"--{name}", f"--no{name}", action="store_true", dest="_", help=argparse.SUPPRESS)
    group.add_argument("--version", action="version", version=deepaas.__version__, help="that of DEEPaaS's contract")


def said(given: argparse.Namespace, program: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Give what files and variables say, and what the options say about the log, by name of the option.

    Variables count more than files, options more than both. Raises InvalidInput for a file that cannot be read.
    """
    found: dict[str, str] = {}
    for file in _files(given.config or (), program, environ):
        found.update(_read(file))
    variables = {name: value for name, value in environ.items() if name.startswith(VARIABLES)}
    found.update({_dashed(name.removeprefix(VARIABLES)): value for name, value in variables.items()})
    options = {name: getattr(given, name.replace("-", "_")) for name in LOG_VALUES}
    return found | {name: value for name, value in options.items() if value is not None}


def folders(environ: Mapping[str, str]) -> list[Path]:
    """List where default files may be; the first that has one counts."""
    homes = [Path(environ["HOME"]) / ".deepaas", Path(environ["HOME"])] if environ.get("HOME") else []
    return [*homes, Path("/etc/deepaas"), Path("/etc")]


def open_log(options: Mapping[str, str], program: str) -> None:
    """Let standard error, where the log goes, be the file that was asked for. Raises InvalidInput."""
    name = options.get("log-file") or (f"{program}.log" if options.get("log-dir") else "")
    if not name:
        return
    path = Path(options.get("log-dir") or "") / name
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    except OSError as error:
        raise errors.InvalidInput({"--log-file": [f"'{path}' cannot be written: {error.strerror}"]}) from error
    os.dup2(opened, 2)
    os.close(opened)


def _tagged(kind: str, path: str) -> tuple[str, Path]:
    return kind, Path(path)


def _files(given: Sequence[tuple[str, Path]], program: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Give the files in the order in which they are read: a later one counts more."""
    kinds = {kind for kind, _ in given}
    if "file" not in kinds:
        yield from _defaults(".conf", program, environ)
    if "dir" not in kinds:
        for folder in _defaults(".conf.d", program, environ):
            yield from sorted(folder.glob("*.conf"))
    for kind, path in given:
        if kind == "dir" and not path.is_dir():
            raise errors.InvalidInput({"--config-dir": [f"there is no folder '{path}'"]})
        yield from [path] if kind == "file" else sorted(path.glob("*.conf"))


def _defaults(suffix: str, program: str, environ: Mapping[str, str]) -> Iterator[Path]:
    for name in ("deepaas", program):
        found = [folder / f"{name}{suffix}" for folder in folders(environ) if (folder / f"{name}{suffix}").exists()]
        yield from found[:1]


def _read(file: Path) -> dict[str, str]:
    """Read `name = value` in the section DEFAULT."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError, configparser.Error) as error:
        raise errors.InvalidInput({"--config-file": [f"'{file}' cannot be read: {error}"]}) from error
    return {_dashed(name): _unquoted(value) for name, value in parser.defaults().items()}


def _dashed(name: str) -> str:
    return name.lower().replace("_", "-")


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in "\"'" and value[0] == value[-1]
    return value[1:-1] if quoted else value
