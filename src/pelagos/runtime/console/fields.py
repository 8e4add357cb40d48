"""Turn a method's description into the fields of a form, and a posted form back into raw arguments.

Nothing is validated here: the server's own validation names the faults, and they are shown at the fields.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Parameter = Mapping[str, Any]

FILE, FILES, CHOICE, SWITCH, NUMBER, TEXT, JSON, FOLDER, DATE, SECRET = (
    "file",
    "files",
    "choice",
    "switch",
    "number",
    "text",
    "json",
    "folder",
    "date",
    "secret",
)
"""What a field is drawn as."""

SENT: Final = "_sent"
"""A hidden field by which a posted form is known: a switch that is off sends nothing."""


@dataclasses.dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    text: str


@dataclasses.dataclass(frozen=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    widget: str
    help: str = ""
    unit: str = ""
    hint: str = ""
    """Type, bounds and default in a few words."""
    value: str = ""
    required: bool = False
    advanced: bool = False
    choices: tuple[Choice, ...] = ()
    faults: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    """Values used before, offered while typing."""

    @property
    def id(self) -> str:
        """The name in a form that is safe as an element's id."""
        return "field-" + "".join(letter if letter.isalnum() else f"-{ord(letter):x}-" for letter in self.name)

    @property
    def long(self) -> bool:
        """Whether its value wants more than a line."""
        return self.widget == JSON and (len(self.value) > 40 or "\n" in self.value)

    @property
    def on(self) -> bool:
        """Of a switch: whether it is on."""
        return self.value.lower() in ("true", "1", "on", "yes")


def fields(
    method: Mapping[str, Any],
    *,
    values: Mapping[str, Any] | None = None,
    faults: Mapping[str, Sequence[str]] | None = None,
) -> tuple[Field, ...]:
    """Draw the fields of a method; `values` (raw or typed) and `faults` are by name and replace the defaults."""
    given, wrong = values or {}, faults or {}
    return tuple(
        _field(parameter, given.get(parameter["name"]), _messages(wrong.get(parameter["name"], ())))
        for parameter in method["parameters"]
    )


def loose_faults(method: Mapping[str, Any], faults: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """List the faults that belong to no field of the form, with the name they carry."""
    names = {parameter["name"] for parameter in method["parameters"]}
    return tuple(f"{name}: {text}" for name, said in faults.items() if name not in names for text in _messages(said))


def arguments(method: Mapping[str, Any], posted: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Give what a posted form says as (name, value) pairs: what was left empty is not sent, so defaults hold.

    Files stay the objects they are; an empty file field (no name, no content) is left out.
    """
    pairs = list(posted)
    names = {parameter["name"]: parameter for parameter in method["parameters"]}
    said = [(name, value) for name, value in pairs if name in names and _says_something(names[name], value)]
    if any(name == SENT for name, _ in pairs):
        present = {name for name, _ in said}
        off = [name for name, parameter in names.items() if widget(parameter["schema"]) == SWITCH]
        said += [(name, "false") for name in off if name not in present]
    return said


def widget(schema: Mapping[str, Any]) -> str:
    """Choose what a schema is drawn as."""
    if "anyOf" in schema:
        kinds = [widget(member) for member in schema["anyOf"]]
        return FILES if FILES in kinds else FILE if FILE in kinds else JSON
    if "enum" in schema:
        return CHOICE
    form = {"binary": FILE, "folder": FOLDER, "date": DATE}.get(schema.get("format", ""))
    if form:
        return form
    if schema.get("type") == "array" and schema.get("items", {}).get("format") == "binary":
        return FILES
    plain = {"boolean": SWITCH, "integer": NUMBER, "number": NUMBER, "string": TEXT}
    return plain.get(schema.get("type", ""), JSON)


def shown(value: Any) -> str:
    """Write an argument's value as a person would type it; a file by its name."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        inside = value.get("$folder") or value.get("$file") or value
        if isinstance(inside, str):
            return inside
        if {"name", "path"} <= set(inside):
            return str(inside["name"])
    return json.dumps(value, ensure_ascii=False)


def _field(parameter: Parameter, value: Any, faults: tuple[str, ...]) -> Field:
    schema = parameter["schema"]
    kind = SECRET if parameter["secret"] else widget(schema)
    default = schema.get("default")
    if kind in (FILE, FILES, SECRET):
        value = default = None  # A browser never refills a file, and a secret is never shown.
    return Field(
        name=parameter["name"],
        label=parameter["label"] or _pretty(parameter["name"]),
        widget=kind,
        help=schema.get("description", ""),
        unit=parameter["unit"],
        hint=_hint(parameter),
        value=shown(default if value is None else value),
        required=parameter["required"],
        advanced=parameter["advanced"] and not parameter["required"],
        choices=_choices(parameter) if kind == CHOICE else (),
        faults=faults,
    )


def _pretty(name: str) -> str:
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] or name


def _choices(parameter: Parameter) -> tuple[Choice, ...]:
    schema = parameter["schema"]
    empty = (Choice("", "choose …" if parameter["required"] else "not set"),)
    listed = tuple(Choice(shown(value), shown(value)) for value in schema["enum"] if value is not None)
    return (empty if parameter["required"] or schema.get("default") is None else ()) + listed


def _hint(parameter: Parameter) -> str:
    schema, kind = parameter["schema"], widget(parameter["schema"])
    parts = [_type_words(schema, kind), _bounds(schema)]
    default = schema.get("default")
    if default not in (None, "") and kind != SWITCH and not parameter["secret"]:
        parts.append(f"default {shown(default)}")
    return ", ".join(part for part in parts if part)


def _type_words(schema: Mapping[str, Any], kind: str) -> str:
    if kind == JSON:
        words = {"array": "a list in JSON: [1, 2]", "object": 'JSON: {"name": value}'}
        return words.get(schema.get("type", ""), "JSON")
    if kind == FOLDER:
        return "a folder on the machine that runs Pelagos"
    return {"integer": "whole number", "number": "number"}.get(schema.get("type", ""), "") if kind == NUMBER else ""


def _bounds(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    words = []
    if low is not None and high is not None:
        words.append(f"{shown(low)} to {shown(high)}")
    else:
        words += [f"at least {shown(low)}"] if low is not None else []
        words += [f"at most {shown(high)}"] if high is not None else []
    named = {
        "exclusiveMinimum": "more than {}",
        "exclusiveMaximum": "less than {}",
        "minLength": "at least {} long",
        "maxLength": "at most {} long",
        "minItems": "at least {} of them",
        "maxItems": "at most {} of them",
        "pattern": "like {}",
    }
    words += [text.format(shown(schema[key])) for key, text in named.items() if key in schema]
    return ", ".join(words)


def _says_something(parameter: Parameter, value: Any) -> bool:
    if not isinstance(value, str):
        return bool(value.name)
    if value:
        return True
    # A text that was emptied on purpose is an empty text; everything else that is empty was not filled in.
    schema = parameter["schema"]
    cleared = schema.get("type") == "string" and bool(schema.get("default")) and not schema.get("nullable")
    return cleared and widget(schema) == TEXT


def _messages(faults: Any) -> tuple[str, ...]:
    """Flatten messages; faults of list elements and nested fields come as mappings by place."""
    if isinstance(faults, str):
        return (faults,)
    if isinstance(faults, Mapping):
        return tuple(f"{place}: {text}" for place, inside in faults.items() for text in _messages(inside))
    return tuple(text for item in faults for text in _messages(item))
