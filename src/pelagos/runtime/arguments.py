"""Read the arguments of one request with nothing but the module's description; all faults are collected.

A value is looked for in the query, then the form, then the JSON body. The command line uses the same functions: it
hands its flags in as the form.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pelagos.domain import errors
from pelagos.runtime import values, wording

Many = Mapping[str, Sequence[Any]]
_EMPTY: Mapping[str, Any] = {}


@dataclasses.dataclass(slots=True)
class Given:
    """What a request brought. Names of headers are in lower case; files in the form are `calls.Upload`."""

    query: Many = dataclasses.field(default_factory=dict)
    form: Many = dataclasses.field(default_factory=dict)
    json: Any = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    cookies: Mapping[str, str] = dataclasses.field(default_factory=dict)


class BadArguments(errors.InvalidInput):
    """The arguments are not valid."""

    def __init__(self, found: Mapping[str, values.Fault], good: Mapping[str, Any]) -> None:
        super().__init__({name: _messages(fault) for name, fault in found.items()})
        self.nested = {name: _nested(fault) for name, fault in found.items()}
        """The faults as DEEPaaS's clients know them: those of a list by position."""
        self.good = good
        """The arguments in which nothing is wrong, by keyword."""
        self._found = found

    def joined(self, more: errors.InvalidInput) -> BadArguments:
        """Make the error that names the faults of both."""
        others = {name: values.Fault(" ".join(messages)) for name, messages in more.faults.items()}
        return BadArguments({**self._found, **others}, self.good)


class Arguments:
    """The arguments of one method of a module, ready to read requests."""

    def __init__(self, parameters: Sequence[Mapping[str, Any]]) -> None:
        self._fields = [_Field(parameter) for parameter in parameters]
        self._defaults = {field.keyword: field.default for field in self._fields if field.has_default}

    def with_one_file(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Give (name, keyword, other arguments) of each file that may be all that a form brings, if it is not empty."""
        needed = {field.name for field in self._fields if field.required}
        for field in self._fields:
            if field.is_plain_file and needed <= {field.name}:
                yield field.name, field.keyword, {key: it for key, it in self._defaults.items() if key != field.keyword}

    def read(self, given: Given) -> dict[str, Any]:
        """Give the arguments by keyword, defaults included; what was not sent and has no default is absent.

        Raises BadArguments with every fault; unknown arguments are ignored.
        """
        found = dict(self._defaults)
        faults: dict[str, values.Fault] = {}
        json = given.json if isinstance(given.json, dict) else _EMPTY
        for field in self._fields:
            value = field.find(given, json)
            if value is _MISSING:
                if field.required:
                    faults[field.name] = values.Fault(f"is missing; expected {wording.expected(field.schema)}")
                continue
            try:
                found[field.keyword] = values.convert(value, field.schema)
            except values.Fault as fault:
                faults[field.name] = field.veil(fault)
        if faults:
            raise BadArguments(faults, found)
        return found


_MISSING = object()
_OF_A_PLAIN_FILE = {"type", "format", "description", "nullable", "default"}


class _Field:
    """One parameter of the description."""

    __slots__ = ("default", "has_default", "keyword", "many", "name", "place", "required", "schema", "secret")

    def __init__(self, parameter: Mapping[str, Any]) -> None:
        self.schema: Mapping[str, Any] = parameter["schema"]
        self.name: str = parameter["name"]
        self.keyword: str = parameter["keyword"]
        self.required: bool = parameter["required"]
        self.place: str | None = _PLACES.get(parameter.get("in") or "", parameter.get("in"))
        self.secret: bool = parameter.get("secret", False)
        self.many = self.schema.get("type") == "array"
        self.has_default = "default" in self.schema
        self.default = self.schema.get("default")

    def find(self, given: Given, json: Mapping[str, Any]) -> Any:
        """Look for the value where it may be; _MISSING when it was not sent."""
        name = self.name
        if self.place is not None:
            return self._find_in(self.place, given, json)
        if name in given.query:
            return self._of(given.query[name])
        if name in given.form:
            return self._of(given.form[name])
        return json.get(name, _MISSING)

    @property
    def is_plain_file(self) -> bool:
        """Whether any file that is not empty will do."""
        is_file = self.schema.get("type") == "string" and self.schema.get("format") == "binary"
        return is_file and self.schema.keys() <= _OF_A_PLAIN_FILE and self.place in (None, "form")

    def veil(self, fault: values.Fault) -> values.Fault:
        """Hide the value of a secret from the message."""
        if self.secret:
            return values.Fault(f"is not {wording.expected(self.schema)}")
        return fault

    def _find_in(self, place: str, given: Given, json: Mapping[str, Any]) -> Any:
        single: Mapping[str, Mapping[str, Any]] = {"json": json, "headers": given.headers, "cookies": given.cookies}
        if place in single:
            return single[place].get(self.name.lower() if place == "headers" else self.name, _MISSING)
        source = given.query if place == "query" else given.form
        return self._of(source[self.name]) if self.name in source else _MISSING

    def _of(self, sent: Sequence[Any]) -> Any:
        return list(sent) if self.many else sent[0]


_PLACES = {"querystring": "query", "files": "form"}


def _messages(fault: values.Fault) -> list[str]:
    if isinstance(fault, values.Faults):
        return [f"element {item.at[0]}: {item}" for item in fault.faults]
    return [str(fault)]


def _nested(fault: values.Fault) -> Any:
    if isinstance(fault, values.Faults):
        return {str(item.at[0]): [str(item)] for item in fault.faults}
    return [str(fault)]
