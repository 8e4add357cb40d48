"""Show what a module does and the arguments it takes."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from pelagos.cli import assembly, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("module", metavar="MODULE", help="name of an installed module, or a folder")
    parser.add_argument("--json", action="store_true", help="print the whole description as JSON")
    parser.add_argument("--refresh", action="store_true", help="ask the module again instead of remembering")


def run(options: argparse.Namespace) -> int:
    """Print the description."""
    known = assembly.environments_of(assembly.settings(options))
    installed = assembly.module_of(known, options.module)
    description = known.describe(installed, refresh=options.refresh)
    if options.json:
        output.as_json(description)
        return 0
    print(f"{installed.name} {description['version']}".rstrip())
    print(description["summary"])
    print("\n".join(_facts(description["metadata"])))
    for method, verb in (("predict", "Predictions"), ("train", "Trainings")):
        _print_method(verb, description[method])
    return 0


def _facts(metadata: Mapping[str, Any]) -> Iterator[str]:
    for label, keys in {"Licence": ("licence", "license-expression", "license"), "Task": ("task",)}.items():
        value = next((metadata[key] for key in keys if metadata.get(key)), None)
        if value:
            yield f"{label}: {value}"
    people = metadata.get("authors") or metadata.get("author")
    if people:
        yield f"Authors: {', '.join(map(_person, people)) if isinstance(people, list) else people}"
    for name, address in dict(metadata.get("links", {})).items():
        yield f"{name.capitalize()}: {address}"


def _person(author: Any) -> str:
    return str(author.get("name", author)) if isinstance(author, Mapping) else str(author)


def _print_method(verb: str, method: Mapping[str, Any] | None) -> None:
    if method is None:
        print(f"\n{verb}: none")
        return
    print(f"\n{verb} take" if method["parameters"] else f"\n{verb} take no arguments")
    rows = [
        (f"--{each['name'].replace('_', '-')}", kind(each["schema"]), _default(each), explanation(each))
        for each in method["parameters"]
    ]
    if rows:
        output.table(("  ARGUMENT", "TYPE", "DEFAULT", "MEANING"), [(f"  {row[0]}", *row[1:]) for row in rows])


def kind(schema: Mapping[str, Any]) -> str:
    """Name the type of an argument in one or two words."""
    if "anyOf" in schema:
        return " or ".join(kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    words = {"binary": "file", "folder": "folder", "date": "date", "date-time": "date and time"}
    return words.get(schema.get("format", ""), str(schema.get("type", "any")))


def explanation(parameter: Mapping[str, Any]) -> str:
    """Tell what an argument means and what it may be: help, choices or bounds with their unit."""
    schema = parameter["schema"]
    bounds = [f"{sign} {schema[key]}" for key, sign in _BOUNDS.items() if key in schema]
    choices = "one of " + ", ".join(map(str, schema["enum"])) if "enum" in schema else ""
    unit = [parameter["unit"]] if parameter.get("unit") else []
    limits = " ".join([", ".join(filter(None, [choices, *bounds])), *unit]).strip()
    return f"{schema.get('description', '')} [{limits}]".strip() if limits else str(schema.get("description", ""))


_BOUNDS = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}


def _default(parameter: Mapping[str, Any]) -> str:
    if parameter["required"]:
        return "(required)"
    default = parameter["schema"].get("default")
    return (
        "-" if default is None or default == "" else str(default).lower() if isinstance(default, bool) else str(default)
    )
