"""Flags of the command line drawn from a module's description, and their values as the server would get them in a form.

Values are judged by the same functions as in a request, so a fault reads the same everywhere.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pelagos.cli import describe
from pelagos.domain import errors
from pelagos.runtime import arguments, calls, places

_DEST = "module argument "
_NO = {"false", "no", "off", "0"}


class ModuleFlags:
    """The flags of one method of a module; names that the command has itself get `--module-` in front."""

    def __init__(
        self, parameters: Sequence[Mapping[str, Any]], *, reserved: frozenset[str] = frozenset(), copies: bool = False
    ) -> None:
        self._parameters = {each["name"]: each for each in parameters}
        self._flags = {name: _flag(name, reserved) for name in self._parameters}
        self._arguments = arguments.Arguments(parameters)
        self._copies = copies

    def add_to(self, parser: argparse.ArgumentParser) -> None:
        """Add a flag for every argument of the module. Their values stay the words that were typed."""
        group = parser.add_argument_group("arguments of the module")
        for name, parameter in self._parameters.items():
            self._add(group, name, parameter)

    def parse(
        self, parser: argparse.ArgumentParser, words: Sequence[str], *, into: argparse.Namespace
    ) -> argparse.Namespace:
        """Parse; flags that nobody knows are kept, with the nearest one, until the values are read."""
        options, unknown = parser.parse_known_args([self._plain(word) for word in words], into)
        faults = {word.partition("=")[0]: [self._nearest(word, parser)] for word in unknown if word.startswith("-")}
        faults |= {word: ["this is one word too many"] for word in unknown if not word.startswith("-") and not faults}
        options.unknown = faults
        return options

    def fill(self, options: argparse.Namespace, earlier: Mapping[str, Any]) -> None:
        """Let what was not typed be as in the arguments of an earlier job; those that are no more are passed over."""
        for name, parameter in self._parameters.items():
            value = earlier.get(parameter["keyword"], parameter["schema"].get("default"))
            if value != parameter["schema"].get("default") and getattr(options, _DEST + name, None) is None:
                setattr(options, _DEST + name, [_word(each) for each in value] if _is_list(value) else _word(value))

    def form(
        self, options: argparse.Namespace, inputs: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, list[Any]]:
        """Give what was typed as a form of a request; `inputs` are words for arguments that have no flag set.

        Raises InvalidInput for flags that nobody knows and files that cannot be read.
        """
        faults: dict[str, list[str]] = dict(options.unknown)
        found = self._form(options, inputs or {}, faults)
        if faults:
            raise errors.InvalidInput(faults)
        return found

    def raw(self, options: argparse.Namespace, inputs: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
        """Give what was typed as a request, for a module that parses requests itself: every value at its place.

        Raises as `form` does.
        """
        form = self.form(options, inputs)
        pairs = [(name, value) for name, values in form.items() for value in values]
        return places.request(list(self._parameters.values()), pairs)

    def read(
        self, options: argparse.Namespace, inputs: Mapping[str, Sequence[str]] | None = None, *, later: str = ""
    ) -> dict[str, Any]:
        """Give the arguments by keyword, validated; the one called `later` may still be missing.

        Raises InvalidInput with all faults, by flag: unknown flags, missing files, wrong values.
        """
        faults: dict[str, list[str]] = dict(options.unknown)
        form = self._form(options, inputs or {}, faults)
        try:
            found = self._arguments.read(arguments.Given(form=form))
        except arguments.BadArguments as bad:
            found = dict(bad.good)
            for name, messages in bad.faults.items():
                if name != later or name in form:
                    faults.setdefault(self._flags[name], messages)
        if faults:
            raise errors.InvalidInput(faults)
        return found

    def flag(self, name: str) -> str:
        """Give the flag of an argument."""
        return self._flags[name]

    def input_argument(self) -> str | None:
        """Name the argument that takes the inputs of a prediction: the first file, or else the first that is a must."""
        files = [name for name, each in self._parameters.items() if describe.kind(each["schema"]).endswith("file")]
        needed = [name for name, each in self._parameters.items() if each["required"]]
        return next(iter(files or needed), None)

    @property
    def wants_files(self) -> bool:
        """Whether the inputs of a prediction are files."""
        name = self.input_argument()
        return name is not None and describe.kind(self._parameters[name]["schema"]).endswith("file")

    def _add(self, group: argparse._ArgumentGroup, name: str, parameter: Mapping[str, Any]) -> None:
        flag, schema = self._flags[name], parameter["schema"]
        spellings = dict.fromkeys([flag, *([f"--{name}"] if flag == f"--{name.replace('_', '-')}" else [])])
        facts: dict[str, Any] = {"dest": _DEST + name, "help": _help(parameter), "default": None}
        if schema.get("type") == "boolean":
            group.add_argument(*spellings, action="store_const", const="true", **facts)
            group.add_argument(
                f"--no-{flag[2:]}", action="store_const", const="false", dest=_DEST + name, help=argparse.SUPPRESS
            )
        elif schema.get("type") == "array":
            group.add_argument(*spellings, action="append", metavar=_metavar(schema.get("items", {})), **facts)
        else:
            group.add_argument(*spellings, metavar=_metavar(schema), **facts)

    def _plain(self, word: str) -> str:
        """Turn `--flag=true` of a yes-or-no argument into `--flag`."""
        flag, equals, value = word.partition("=")
        for name, known in self._flags.items():
            if equals and flag in (known, f"--{name}") and self._parameters[name]["schema"].get("type") == "boolean":
                return f"--no-{known[2:]}" if value.lower() in _NO else known
        return word

    def _nearest(self, word: str, parser: argparse.ArgumentParser) -> str:
        known = [flag for action in parser._actions for flag in action.option_strings if "_" not in flag]
        near = difflib.get_close_matches(word.partition("=")[0], known, n=1)
        return f"there is no such argument{f'; did you mean {near[0]}?' if near else ''}"

    def _form(
        self, options: argparse.Namespace, inputs: Mapping[str, Sequence[str]], faults: dict[str, list[str]]
    ) -> dict[str, list[Any]]:
        typed = {name: getattr(options, _DEST + name, None) for name in self._parameters} | dict(inputs)
        words = {
            name: [given] if isinstance(given, str) else given for name, given in typed.items() if given is not None
        }
        return {name: [self._value(name, word, faults) for word in given] for name, given in words.items()}

    def _value(self, name: str, word: str, faults: dict[str, list[str]]) -> Any:
        form = describe.kind(self._parameters[name]["schema"])
        if form.endswith("file"):
            return self._upload(Path(word).expanduser(), faults, self._flags[name])
        return str(Path(word).expanduser().absolute()) if form == "folder" and word not in ("", "null") else word

    def _upload(self, path: Path, faults: dict[str, list[str]], flag: str) -> calls.Upload | str:
        try:
            size = path.stat().st_size
            # A DEEPaaS module may remove the file that it was given: it must not be the person's own.
            data = path.read_bytes() if self._copies else None
        except OSError as error:
            faults.setdefault(flag, []).append(f"'{path}' cannot be read: {error.strerror}")
            return str(path)
        return calls.Upload(path.name, size=size, data=data, path=None if self._copies else path.absolute())


def _flag(name: str, reserved: frozenset[str]) -> str:
    flag = f"--{name.replace('_', '-')}"
    return f"--module-{flag[2:]}" if flag in reserved else flag


def _is_list(value: Any) -> bool:
    """Whether a value is typed by repeating its flag; a list of lists is not."""
    return isinstance(value, list) and bool(value) and not any(isinstance(each, list) for each in value)


def _word(value: Any) -> str:
    """Write an argument as it would be typed; a file or folder by its path."""
    if isinstance(value, Mapping) and "$file" in value:
        return str(value["$file"]["path"])
    plain = value.get("$folder", value) if isinstance(value, Mapping) else value
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _metavar(schema: Mapping[str, Any]) -> str:
    words = {"folder": "DIR", "file": "FILE", "integer": "N", "number": "X", "object": "JSON"}
    return words.get(describe.kind(schema), "VALUE")


def _help(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    default = schema.get("default")
    end = " (required)" if parameter["required"] else "" if default is None else f" (default: {default})"
    # A percent sign is a placeholder for argparse.
    return f"{describe.explanation(parameter)}{end}".strip().replace("%", "%%")
