"""What the answers in a folder were made with: one small file among them.

A run that goes on where another one ended must not mix answers that were made in different ways. A folder that had
answers before there was such a file has none, and is gone on with as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pelagos.cli import submitting
from pelagos.cli.module_command import ModuleCommand
from pelagos.domain import errors
from pelagos.module import durable
from pelagos.runtime import calls

FILE = ".made-with.json"
"""Hidden, as no answer is: the answer to an input called `made-with` has another name."""
_ANEW = "anew"
_HINT = "Give another folder with --output, or begin anew with --force."

Recipe = Mapping[str, Any]


def recipe_of(command: ModuleCommand, model: str) -> Recipe:
    """Tell what makes the answers of a command, by the flag or word that chooses it; secrets are left out."""
    found, key = _arguments(command)
    told = {
        command.flags.flag(each["name"]): found[each[key]]
        for each in command.method["parameters"]
        if each[key] in found and not each["secret"]
    }
    return {**told, "MODULE": command.installed.name, "version": command.installed.version, "--model": model}


def settle(target: Path, wanted: Recipe, *, anew: bool) -> int:
    """Make sure that the answers in `target` are, or will be, made as wanted; gives the date of the oldest that counts.

    The date is in nanoseconds, as in `st_mtime_ns`; 0 when all count. Raises InvalidInput, with all that differs, for a
    folder whose answers were made in another way; `anew` makes them all out of date instead.
    """
    earlier = None if anew else _read(target)
    if earlier is not None:
        made_with, anew = earlier
        _compare(target, made_with, wanted)
    elif anew or not _has_answers(target):
        target.mkdir(parents=True, exist_ok=True)
        durable.write_json(target / FILE, {_ANEW: anew, "recipe": wanted})
    return (target / FILE).stat().st_mtime_ns if anew else 0


def _has_answers(target: Path) -> bool:
    # What is hidden may be what a crash left of our own file.
    return target.exists() and any(not path.name.startswith(".") for path in target.iterdir())


def _arguments(command: ModuleCommand) -> tuple[dict[str, Any], str]:
    """Give all arguments but the input, and whether they are there by keyword or by name."""
    taker = command.flags.input_argument() or ""
    if command.method["parse"] == "server":
        found = command.flags.read(command.options, later=taker)
        return submitting.submitted(found, command.method["parameters"])[0], "keyword"
    form = command.flags.form(command.options)
    return {name: [_plain(value) for value in values] for name, values in form.items()}, "name"


def _plain(value: Any) -> Any:
    return submitting.file(value, {}) if isinstance(value, calls.Upload) else value


def _read(target: Path) -> tuple[Recipe, bool] | None:
    try:
        kept = json.loads((target / FILE).read_bytes())
        return dict(kept["recipe"]), bool(kept[_ANEW])
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError):
        fault = f"'{target / FILE}' is not readable; it should say what the answers there were made with"
        raise errors.InvalidInput({"--output": [fault]}, hint=_HINT) from None


def _compare(target: Path, earlier: Recipe, wanted: Recipe) -> None:
    faults = {
        name: [f"is {_shown(wanted, name)}; the answers in '{target}' were made with {_shown(earlier, name)}"]
        for name in sorted({*earlier, *wanted})
        if _shown(earlier, name) != _shown(wanted, name)
    }
    if faults:
        raise errors.InvalidInput(faults, hint=_HINT)


def _shown(recipe: Recipe, name: str) -> str:
    # As text, in which NaN is equal to itself and a date may stand.
    return json.dumps(recipe[name], ensure_ascii=False, sort_keys=True) if name in recipe else "not given"
