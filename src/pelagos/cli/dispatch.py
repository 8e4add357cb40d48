"""From the words a person typed to the command that does it, and from an error to what that person reads.

Nothing is imported here that the help does not need: it answers in less than 100 ms.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import pelagos
from pelagos.cli import importing, options
from pelagos.domain import errors

COMMANDS: Mapping[str, str] = {
    "up": "start the hub: catalog, dashboard, deployments and runs",
    "login": "print a link to log in to the hub that runs here",
    "run": "serve a module: web page, REST API, predictions and trainings",
    "install": "install a module into a Python environment of its own",
    "modules": "list and remove installed modules",
    "describe": "show what a module does and the arguments it takes",
    "predict": "predict with a module: one input, or a folder of thousands",
    "train": "train a module on your own data",
    "jobs": "list, follow, cancel and delete trainings",
    "models": "list, name, alias, download and delete trained models",
    "deploy": "keep a module running and reachable through the hub",
    "deployments": "list, look at, stop, start and delete deployments",
    "datasets": "list, upload and delete data sets of the hub",
    "acts": "list, follow and cancel what the hub itself does for long",
    "sites": "show where jobs and deployments can run",
    "catalog": "search the catalog, keep its sources, decide about proposals",
    "new": "make the folder of a new module",
    "publish": "check a module and propose it to the catalog",
    "sessions": "list and end the login sessions of the hub",
    "settings": "show all settings and where each comes from",
}
_FILES = {"models": "trained"}
"""Of commands whose file cannot have their name."""
OK, FAILED, USAGE, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141
_EXTRA_PACKAGES = {
    "alembic", "httptools", "jinja2", "multipart", "rich", "sqlalchemy", "starlette", "uvicorn", "uvloop",
}  # fmt: skip
_HUB_PACKAGES = {
    "aiohttp",
    "fastapi",
    "license_expression",
    "markdown_it",
    "nh3",
    "picklescan",
    "pydantic",
    "rapidfuzz",
    "websockets",
    "yaml",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit code: 0 done, 1 failed, 2 not understood, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return guarded(lambda: _dispatch(words))
    except SystemExit as end:
        # argparse has printed the help or its complaint already.
        return end.code if isinstance(end.code, int) else USAGE


def parses(words: Sequence[str]) -> bool:
    """Whether a command line is understood; nothing is run. Arguments of a module itself are taken as they are."""
    try:
        name, rest = _split(list(words))
        command = _load(name)
        parser = _parser_of(name, command)
        parser.parse_args(rest)
    except SystemExit as end:
        return end.code == OK
    return True


def _dispatch(words: list[str]) -> int:
    name, rest = _split(words)
    command = _load(name)
    given = _parser_of(name, command).parse_args(rest)
    run: Callable[[argparse.Namespace], int] = command.run
    return run(given)


def _split(words: list[str]) -> tuple[str, list[str]]:
    """Find the command; the options that stand in front of it belong to it as well."""
    if words and words[0] in COMMANDS:
        return words[0], words[1:]
    parser = _top()
    given = parser.parse_args(words)
    if given.command is None:
        parser.print_help()
        raise SystemExit(OK)
    if given.command not in COMMANDS:
        near = difflib.get_close_matches(given.command, COMMANDS, n=1)
        hint = f"did you mean 'pelagos {near[0]}'?" if near else "pelagos --help lists them"
        parser.error(f"there is no command '{given.command}'; {hint}")
    before = [word for name in ("state_dir", "config_file") for word in _again(name, getattr(given, name))]
    return given.command, before + given.rest


def _top() -> argparse.ArgumentParser:
    width = max(map(len, COMMANDS)) + 2
    listed = "\n".join(f"  {name:<{width}}{text}" for name, text in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="pelagos",
        usage="pelagos [--state-dir DIR] [--config-file FILE] COMMAND ...",
        description="Share, train, serve and run machine-learning modules.",
        epilog=f"commands:\n{listed}\n\npelagos COMMAND --help says more about each.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pelagos {pelagos.__version__}")
    options.add_shared(parser)
    parser.add_argument("command", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def _again(name: str, value: str | None) -> list[str]:
    return [] if value is None else [f"--{name.replace('_', '-')}", value]


def _load(name: str) -> ModuleType:
    with importing.without_collector():
        return importlib.import_module(f"pelagos.cli.{_FILES.get(name, name)}")


def _parser_of(name: str, command: ModuleType) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"pelagos {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    options.add_shared(parser)
    return parser


def guarded(act: Callable[[], int]) -> int:
    """Turn what goes wrong into one message, with what to do about it; never a traceback unless asked for."""
    try:
        status = act()
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough; nothing more can be written, at the exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _say("interrupted")
        return INTERRUPTED
    except Exception as error:  # the last isolation point there is
        if os.environ.get("PELAGOS_DEBUG"):
            raise
        return _told(error)
    return status


def _told(error: Exception) -> int:
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing in _EXTRA_PACKAGES | _HUB_PACKAGES:
        extra = "hub" if missing in _HUB_PACKAGES else "serve"
        error = errors.MissingExtra(
            f"this command needs the package '{missing}', which is not installed",
            hint=f"Install the rest of Pelagos: pip install 'pelagos[{extra}]'",
        )
    if isinstance(error, errors.PelagosError):
        faults = getattr(error, "faults", {})
        listed = "\n".join(f"  {name}: {' '.join(messages)}" for name, messages in faults.items())
        _say(f"error: this is not valid:\n{listed}" if listed else f"error: {error.message}", error.hint)
        return USAGE if isinstance(error, errors.InvalidInput) else FAILED
    if isinstance(error, OSError) and error.strerror:
        _say(f"error: {error.strerror}{f': {error.filename}' if error.filename else ''}")
        return FAILED
    hint = "This is a fault of Pelagos. PELAGOS_DEBUG=1 shows where it happened; please report it."
    _say(f"error: {type(error).__name__}: {error}", hint)
    return FAILED


def _say(message: str, hint: str = "") -> None:
    print(f"pelagos: {message}", *([hint] if hint else []), sep="\n", file=sys.stderr)
