"""The lines of a module's “Use this module” menu: ready to be copied, for each place where it can run."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from pelagos.catalog import card
from pelagos.runtime.console import fields
from pelagos.runtime.console import recipes as acts
from pelagos.web import recipes

PORT = 5000
"""Where images of modules listen, as DEEPaaS has it."""
Description = Mapping[str, Any] | None
"""Of the installed module."""
BESIDE_MB = 128
"""Memory for Pelagos itself in a job of Slurm, which the card does not count: 62 MB were seen, twice that is given."""
_DATA = "./my-data"
_INPUTS = "./inputs --output ./answers"
_ON_A_CLUSTER = (
    "On a cluster that has Pelagos and the module, in a folder that all nodes see: what it says goes to slurm-JOB.out."
)


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to use a module."""

    name: str
    lines: str
    note: str = ""
    """What has to be known beside it."""


def ways(each: card.Card, description: Description, *, origin: str, source: str, deployment: str) -> tuple[Way, ...]:
    """List the ways. `source` is what `pelagos install` takes, empty when nobody knows; `deployment` is the id of one
    that runs; `description` is that of the installed module."""
    install = [f"pelagos install {shlex.quote(source)}"] if source else []
    files = _fetches(each, description, origin)
    lines = [*install, *files, *_commands(each, description)]
    found = [
        Way("Pelagos", "\n".join(lines), "" if source else "No source is known."),
        *_of_hub(each, description, files, origin, deployment),
        *_of_image(each),
        Way("Slurm", _slurm(each, description), _ON_A_CLUSTER),
    ]
    return tuple(found)


def said_by(each: card.Card, method: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give arguments to show: those of the card's first example, with a stand-in for whatever else is required."""
    first = each.examples[0] if each.examples else card.Example()
    known = {name: value for name, value in first.input.items() if name in _kinds(method)} | files_of(method, first)
    return acts.example(method, [(name, fields.shown(value)) for name, value in known.items()])


def files_of(method: Mapping[str, Any], example: card.Example) -> dict[str, str]:
    """Find the arguments of an example that are files, with the files' names.

    People fetch them into the folder they are in: no name of a card may be an option there, nor that of a hidden file.
    """
    kinds = _kinds(method)
    return {
        name: PurePosixPath(value).name.lstrip(".-") or "example"
        for name, value in example.input.items()
        if kinds.get(name) in (fields.FILE, fields.FILES) and isinstance(value, str)
    }


def _fetches(each: card.Card, description: Description, origin: str) -> list[str]:
    """Write how to get the files of the first example: they lie in the module's folder, where the hub alone may be."""
    files = files_of(_method(description, "predict"), each.examples[0]) if each.examples else {}
    places = {name: address(each.name, f"/examples/1/{urllib.parse.quote(name, safe='')}") for name in files}
    return [recipes.curl(f"{origin}{places[name]}", "-fsS", "-o", file) for name, file in files.items()]


def _commands(each: card.Card, description: Description) -> list[str]:
    """Write what ends by itself first: the server would keep what is pasted below it waiting."""
    method = _method(description, "predict")
    predict = acts.predict("", each.name, method, said_by(each, method)).command
    # What is not known is what to predict with; the installed module tells.
    asked = f"pelagos describe {each.name}" if description is None else predict
    return [asked, *([_train(each, description)] if _trains(each, description) else []), f"pelagos run {each.name}"]


def _of_hub(each: card.Card, description: Description, files: Sequence[str], origin: str, deployment: str) -> list[Way]:
    method = _method(description, "predict")
    said = said_by(each, method)
    base = f"{origin}/deployments/{deployment or 'DEPLOYMENT'}"
    note = "" if deployment else "Deploy the module first and put the deployment's id in."
    curl = recipes.with_token(acts.predict(base, each.name, method, said).curl)
    arguments = "".join(f", {key}={_value(each, method, key, value)}" for key, value in said if key.isidentifier())
    python = recipes.in_python(f"print(hub.predict({json.dumps(each.name)}{arguments}))")
    if "Path(" in arguments:
        python = f"from pathlib import Path\n\n{python}"
    beside = "The example's file is fetched by the curl lines." if files else ""
    return [Way("curl", "\n".join([*files, curl]), note), Way("Python", python, beside)]


def _value(each: card.Card, method: Mapping[str, Any], name: str, value: str) -> str:
    """Write an argument in Python: a file as a path, a value of the example as it is."""
    if _kinds(method).get(name) in (fields.FILE, fields.FILES, fields.FOLDER):
        return f"Path({value!r})"
    return repr(each.examples[0].input.get(name, value) if each.examples else value)


def _of_image(each: card.Card) -> list[Way]:
    image = each.links.container
    if not image:
        return []
    ports = f"127.0.0.1:{PORT}:{PORT}"
    note = f"Then it answers at http://127.0.0.1:{PORT}/. Ctrl+C ends it."
    # A container of udocker has no network of its own, and by itself an image listens for everybody.
    serve = f"deepaas-run --listen-ip 127.0.0.1 --listen-port {PORT}"
    named = each.name.replace(".", "-")  # The names that udocker gives have no dots.
    return [
        Way("Docker", f"docker run --rm -p {ports} {image}", note),
        Way("Podman", f"podman run --rm -p {ports} {_in_full(image)}", note),
        Way("udocker", f"udocker run --name={named} --pull=reuse {image} {serve}", note),
    ]


def _in_full(image: str) -> str:
    """Name the registry too: Podman refuses to guess it where nobody has set one, as on Debian.

    https://github.com/distribution/reference: the first part is a registry if it could be a host.
    """
    first, slash, _ = image.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def _slurm(each: card.Card, description: Description) -> str:
    trains = _trains(each, description)
    need = each.resources.train if trains else each.resources.predict
    options = [f"--job-name={each.name}"]
    if need is not None:
        # No part of a core can be had, and 0 means something else: no GPU, all of the memory.
        options += [f"--cpus-per-task={math.ceil(need.cpus)}"] if need.cpus else []
        options += [f"--mem={math.ceil(need.memory_mb) + BESIDE_MB}M"] if need.memory_mb else []
        options += [f"--gres=gpu:{math.ceil(need.gpus)}"] if need.gpus else []
    act = _train(each, description) if trains else _predict_folder(each, description)
    return f"sbatch {' '.join(options)} --wrap={shlex.quote(act)}"


def _train(each: card.Card, description: Description) -> str:
    """Write a training with what it cannot do without; a folder called a data set is one, required or not."""
    if description is None:
        return f"pelagos train {each.name} --dataset {_DATA}"
    method = _method(description, "train")
    kinds = _kinds(method)
    said = [(name, _DATA if kinds[name] == fields.FOLDER else value) for name, value in acts.example(method)]
    return acts.train("", each.name, method, said).command


def _predict_folder(each: card.Card, description: Description) -> str:
    """Write predictions for all files of a folder, or the one of the example for a module that takes no file."""
    if description is None:
        return f"pelagos predict {each.name} {_INPUTS}"
    method = _method(description, "predict")
    files = [name for name, kind in _kinds(method).items() if kind in (fields.FILE, fields.FILES)][:1]
    said = [(name, value) for name, value in said_by(each, method) if name not in files]
    line = acts.predict("", each.name, method, said).command
    return f"{line} {_INPUTS}" if files else line


def _trains(each: card.Card, description: Description) -> bool:
    return bool(each.trainable if description is None else description.get("train"))


def _method(description: Description, name: str) -> Mapping[str, Any]:
    return (description or {}).get(name) or {"parameters": []}


def _kinds(method: Mapping[str, Any]) -> dict[str, str]:
    return {parameter["name"]: fields.widget(parameter["schema"]) for parameter in method["parameters"]}


def address(name: str, page: str = "") -> str:
    """Give the address of a module's page."""
    return f"/modules/{urllib.parse.quote(name, safe='')}{page}"
