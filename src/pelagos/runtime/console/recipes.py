"""Write the same act as the page's in three other ways: the command line, curl and Python."""

from __future__ import annotations

import dataclasses
import json
import shlex
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pelagos.runtime import places
from pelagos.runtime.console import fields

Pairs = Sequence[tuple[str, str]]


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One act, to be copied."""

    command: str
    curl: str
    python: str


def predict(origin: str, module: str, method: Mapping[str, Any], said: Pairs, model: str = "") -> Recipe:
    """Write a prediction; files in `said` are named, never sent."""
    kinds = _kinds(method)
    files = [(name, value) for name, value in said if kinds.get(name) in (fields.FILE, fields.FILES)]
    plain = [pair for pair in said if pair not in files] + ([("model", model)] if model else [])
    address = f"{origin}/v2/models/{module}/predict/"
    command = ["pelagos", "predict", module, *(value for _, value in files), *_flags(plain, kinds)]
    return Recipe(_shell(command), _curl(address, method, plain, files), _post(address, method, plain, files))


def train(origin: str, module: str, method: Mapping[str, Any], said: Pairs) -> Recipe:
    """Write the start of a training."""
    address = f"{origin}/v2/models/{module}/train/"
    command = ["pelagos", "train", module, *_flags(said, _kinds(method))]
    return Recipe(_shell(command), _curl(address, method, said, ()), _post(address, method, said, ()))


def trainings(origin: str, module: str) -> Recipe:
    """Write the list of a module's trainings."""
    return _get(["pelagos", "jobs", "list"], f"{origin}/v2/models/{module}/train/")


def training(origin: str, module: str, job_id: str) -> Recipe:
    """Write a look at one training."""
    return _get(["pelagos", "jobs", "show", job_id], f"{origin}/v2/models/{module}/train/{job_id}")


def ending(origin: str, module: str, job_id: str, *, verb: str) -> Recipe:
    """Write a cancel or a delete: V2 has one verb for both."""
    address = f"{origin}/v2/models/{module}/train/{job_id}"
    return Recipe(
        _shell(["pelagos", "jobs", verb, job_id]),
        _shell(["curl", "-X", "DELETE", address]),
        f'import httpx\n\nprint(httpx.delete("{address}", timeout=60).json())',
    )


def about(origin: str, module: str) -> Recipe:
    """Write a look at the module's metadata."""
    return _get(["pelagos", "describe", module], f"{origin}/v2/models/{module}/")


def example(method: Mapping[str, Any], values: Iterable[tuple[str, str]] = ()) -> list[tuple[str, str]]:
    """Give what has to be said at least: required arguments with a stand-in, unless `values` has them."""
    said = list(values)
    present = {name for name, _ in said}
    for parameter in method["parameters"]:
        kind = fields.widget(parameter["schema"])
        # A picture module's file may be optional in its signature and is still what a person wants to send.
        wanted = parameter["required"] or (kind == fields.FOLDER and "dataset" in parameter["name"])
        if wanted and parameter["name"] not in present:
            said.append((parameter["name"], _stand_in(parameter, kind)))
    return said


def _stand_in(parameter: Mapping[str, Any], kind: str) -> str:
    if kind in (fields.FILE, fields.FILES):
        return "PICTURE.jpg" if "image" in parameter["name"] or "picture" in parameter["name"] else "FILE"
    schema = parameter["schema"]
    samples = {
        fields.FOLDER: "/path/to/folder",
        fields.NUMBER: fields.shown(schema.get("minimum", 1)),
        fields.SWITCH: "true",
        fields.DATE: "2026-01-31",
        fields.CHOICE: fields.shown(schema.get("enum", [""])[0]),
        fields.JSON: "[1, 2]" if schema.get("type") == "array" else "{}",
    }
    return samples.get(kind) or str(parameter["name"]).upper()


def _kinds(method: Mapping[str, Any]) -> dict[str, str]:
    return {parameter["name"]: fields.widget(parameter["schema"]) for parameter in method["parameters"]}


def _flags(said: Pairs, kinds: Mapping[str, str]) -> list[str]:
    flags: list[str] = []
    for name, value in said:
        flag = name.replace("_", "-")
        if kinds.get(name) == fields.SWITCH:
            flags.append(f"--{flag}" if value == "true" else f"--no-{flag}")
        else:
            flags += [f"--{flag}", value]
    return flags


def _shell(words: Sequence[str]) -> str:
    """Quote a command, one option with its value a line when it is long."""
    line = " ".join(map(shlex.quote, words))
    if len(line) <= 80:
        return line
    parts: list[list[str]] = [[]]
    for word in words:
        if word.startswith("-"):
            parts.append([])
        parts[-1].append(shlex.quote(word))
    return " \\\n  ".join(" ".join(part) for part in parts)


def _placed(method: Mapping[str, Any], plain: Pairs) -> dict[str, list[tuple[str, str]]]:
    """Sort what is said by where the module looks for it; nearly all modules take everything from the form."""
    where = {parameter["name"]: places.place(parameter) for parameter in method["parameters"]}
    found: dict[str, list[tuple[str, str]]] = {"query": [], "form": [], "json": [], "headers": [], "cookies": []}
    for name, value in plain:
        found[where.get(name, "form")].append((name, value))
    return found


def _curl(address: str, method: Mapping[str, Any], plain: Pairs, files: Pairs) -> str:
    placed = _placed(method, plain)
    words = ["curl", _with_query(address, placed["query"])]
    for name, value in placed["headers"]:
        words += ["-H", f"{name}: {value}"]
    for name, value in placed["cookies"]:
        words += ["-b", f"{name}={value}"]
    for name, value in files:
        words += ["-F", f"{name}=@{value}"]
    # --form-string takes the value as it is: no `@` or `;` of it means anything.
    for name, value in placed["form"]:
        words += ["--form-string", f"{name}={value}"]
    if placed["json"] and not files and not placed["form"]:
        words += ["--json", json.dumps(_body(placed["json"]), ensure_ascii=False)]
    has_body = files or placed["form"] or placed["json"]
    return _shell([*words, *([] if has_body else ["-X", "POST"])])


def _with_query(address: str, pairs: Pairs) -> str:
    return f"{address}?{urllib.parse.urlencode(pairs)}" if pairs else address


def _body(pairs: Pairs) -> Any:
    return places.request([{"name": name, "in": "json"} for name, _ in pairs], pairs)["json"]


def _post(address: str, method: Mapping[str, Any], plain: Pairs, files: Pairs) -> str:
    placed = _placed(method, plain)
    lines = ["import httpx", "", "answer = httpx.post(", f"    {_quoted(_with_query(address, placed['query']))},"]
    pinned = {place: dict(placed[place]) for place in ("headers", "cookies") if placed[place]}
    lines += [f"    {place}={json.dumps(said, ensure_ascii=False)}," for place, said in pinned.items()]
    if placed["json"] and not files and not placed["form"]:
        lines.append(f"    json={_body(placed['json'])!r},")
    plain = placed["form"]
    if files:
        opened = ", ".join(f"({_quoted(name)}, open({_quoted(value)}, 'rb'))" for name, value in files)
        lines.append(f"    files=[{opened}],")
    if plain:
        said: dict[str, Any] = {}
        for name, value in plain:
            said[name] = [*said[name], value] if name in said else [value]
        single = {name: values[0] if len(values) == 1 else values for name, values in said.items()}
        lines.append(f"    data={json.dumps(single, ensure_ascii=False)},")
    return "\n".join([*lines, "    timeout=600,", ")", "print(answer.json())"])


def _get(command: Sequence[str], address: str) -> Recipe:
    return Recipe(
        _shell(command), _shell(["curl", address]), f"import httpx\n\nprint(httpx.get({_quoted(address)}).json())"
    )


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
