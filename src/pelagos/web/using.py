"""The lines of a module's “Use this module” menu: ready to be copied, for each place where it can run."""

from __future__ import annotations

import dataclasses
import json
import shlex
import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from pelagos.catalog import card
from pelagos.runtime.console import fields
from pelagos.runtime.console import recipes as acts
from pelagos.web import recipes

PORT = 5000
"""Where images of modules listen, as DEEPaaS has it."""


@dataclasses.dataclass(frozen=True)
class Way:
    """One way to use a module."""

    name: str
    lines: str
    note: str = ""
    """What has to be known beside it."""


def ways(
    each: card.Card, description: Mapping[str, Any] | None, *, origin: str, source: str, deployment: str
) -> tuple[Way, ...]:
    """List the ways. `source` is what `pelagos install` takes, empty when nobody knows; `deployment` is the id of one
    that runs; `description` is that of the installed module."""
    method = (description or {}).get("predict") or {"parameters": []}
    said = said_by(each, method)
    install = f"pelagos install {shlex.quote(source)}\n" if source else ""
    found = [
        Way("Pelagos", install + "\n".join(_commands(each, method, said)), "" if source else "No source is known."),
        *_of_hub(each, method, said, origin, deployment),
        *_of_image(each),
        Way("Slurm", _slurm(each), "On a cluster that has Pelagos and the module."),
    ]
    return tuple(found)


def said_by(each: card.Card, method: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give arguments to show: those of the card's first example, with a stand-in for whatever else is required."""
    known = {parameter["name"] for parameter in method["parameters"]}
    first = each.examples[0].input if each.examples else {}
    return acts.example(method, [(name, fields.shown(value)) for name, value in first.items() if name in known])


def _commands(each: card.Card, method: Mapping[str, Any], said: Sequence[tuple[str, str]]) -> list[str]:
    predict = acts.predict("", each.name, method, said).command
    return [f"pelagos run {each.name}", predict] + ([_train(each)] if each.trainable else [])


def _of_hub(
    each: card.Card, method: Mapping[str, Any], said: Sequence[tuple[str, str]], origin: str, deployment: str
) -> list[Way]:
    base = f"{origin}/deployments/{deployment or 'DEPLOYMENT'}"
    note = "" if deployment else "Deploy the module first and put the deployment's id in."
    written = acts.predict(base, each.name, method, said)
    arguments = "".join(f", {key}={_value(each, method, key, value)}" for key, value in said if key.isidentifier())
    python = recipes.in_python(f"print(hub.predict({json.dumps(each.name)}{arguments}))")
    if "Path(" in arguments:
        python = f"from pathlib import Path\n\n{python}"
    return [Way("curl", recipes.with_token(written.curl), note), Way("Python", python)]


def _value(each: card.Card, method: Mapping[str, Any], name: str, value: str) -> str:
    """Write an argument in Python: a file as a path, a value of the example as it is."""
    kinds = {parameter["name"]: fields.widget(parameter["schema"]) for parameter in method["parameters"]}
    if kinds.get(name) in (fields.FILE, fields.FILES, fields.FOLDER):
        return f"Path({value!r})"
    return repr(each.examples[0].input.get(name, value) if each.examples else value)


def _of_image(each: card.Card) -> list[Way]:
    image = each.links.container
    if not image:
        return []
    ports = f"{PORT}:{PORT}"
    udocker = f"udocker pull {image}\nudocker create --name={each.name} {image}\nudocker run -p {ports} {each.name}"
    note = f"Then it answers at http://127.0.0.1:{PORT}/."
    return [
        Way("Docker", f"docker run --rm -p 127.0.0.1:{ports} {image}", note),
        Way("Podman", f"podman run --rm -p 127.0.0.1:{ports} {image}", note),
        Way("udocker", udocker, note),
    ]


def _slurm(each: card.Card) -> str:
    need = each.resources.train if each.trainable else each.resources.predict
    options = [f"--job-name={each.name}"]
    if need is not None:
        options += [f"--cpus-per-task={need.cpus:.0f}"] if need.cpus else []
        options += [f"--mem={need.memory_mb:.0f}M"] if need.memory_mb else []
        options += [f"--gres=gpu:{need.gpus:.0f}"] if need.gpus else []
    act = _train(each) if each.trainable else f"pelagos predict {each.name} ./inputs --output ./answers"
    return f"sbatch {' '.join(options)} --wrap={shlex.quote(act)}"


def _train(each: card.Card) -> str:
    return f"pelagos train {each.name} --dataset ./my-data"


def address(name: str, page: str = "") -> str:
    """Give the address of a module's page."""
    return f"/modules/{urllib.parse.quote(name, safe='')}{page}"
