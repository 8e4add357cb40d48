"""Write what the pages of runs, models, deployments and data sets do as a command, a curl line and Python."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from pelagos.runtime.console import described, fields
from pelagos.runtime.console import recipes as console_recipes
from pelagos.web import recipes

Recipe = console_recipes.Recipe


def runs(origin: str) -> Recipe:
    """Write the list of runs."""
    return recipes.read(["jobs", "list"], f"{origin}/api/v1/runs", "for run in hub.runs.list():\n    print(run)")


def run(origin: str, run_id: str) -> Recipe:
    """Write a look at one run."""
    return recipes.read(["jobs", "show", run_id], f"{origin}/api/v1/runs/{run_id}", f'print(hub.runs.get("{run_id}"))')


def compare(origin: str, run_ids: Sequence[str]) -> Recipe:
    """Write the comparison of runs; the terminal shows them one after the other."""
    query = "&".join(f"run={each}" for each in run_ids)
    lines = f"for run in {json.dumps(run_ids)}:\n    print(hub.runs.get(run))"
    commands = "\n".join(f"pelagos jobs show {each}" for each in run_ids)
    return Recipe(commands, recipes.curl(f"{origin}/api/v1/runs/compare?{query}"), recipes.in_python(lines))


def train(
    origin: str,
    module: str,
    parameters: described.Parameters,
    values: Mapping[str, Any],
    *,
    data: tuple[str, str, str] | None = None,
) -> Recipe:
    """Write the start of a training with what the form says that is not usual.

    `data` is the argument that takes the data set, the data set's name and its folder.
    """
    method = {"parameters": [each for each in parameters if data is None or each["name"] != data[0]]}
    usual = {each["name"]: fields.shown(each["schema"].get("default")) for each in method["parameters"]}
    hidden = {each["name"] for each in parameters if each["secret"]}
    texts = [(name, fields.shown(value)) for name, value in values.items() if name in usual and name not in hidden]
    said = console_recipes.example(method, [(name, text) for name, text in texts if text != usual[name]])
    folder = [(data[0], data[2])] if data and data[2] else []
    command = console_recipes.train(origin, module, {"parameters": parameters}, [*folder, *said]).command
    chosen = {"dataset": data[1]} if data and data[1] else {}
    arguments = {name: _plain(text) for name, text in said}
    body = json.dumps({"module": module, **chosen, "arguments": arguments}, ensure_ascii=False)
    told = ", ".join(
        [json.dumps(module), *(f"{name}={value!r}" for name, value in chosen.items()), *_keywords(arguments)]
    )
    python = recipes.in_python(f"run = hub.train({told})\nprint(run.wait().result)")
    return Recipe(command, recipes.curl(f"{origin}/api/v1/runs", "--json", body), python)


def datasets(origin: str) -> Recipe:
    """Write the list of data sets, and how one is added."""
    command = "pelagos datasets list\npelagos datasets upload birds ./birds.zip"
    curl = recipes.curl(f"{origin}/api/v1/datasets/birds?filename=birds.zip", "-T", "birds.zip")
    return Recipe(command, curl, recipes.in_python('hub.datasets.upload("birds", "birds.zip")'))


def dataset(origin: str, name: str) -> Recipe:
    """Write a look at a data set."""
    address = f"{origin}/api/v1/datasets/{name}/entries"
    return recipes.read(["datasets", "list"], address, f"print(hub.datasets.get({json.dumps(name)}))")


def deploy(origin: str, module: str, model: str) -> Recipe:
    """Write a deployment of a module."""
    wish = {"module": module, **({"model": model} if model else {})}
    command = shlex.join(["pelagos", "deploy", module, *(["--model", model] if model else [])])
    said = json.dumps(module) + (f", model={json.dumps(model)}" if model else "")
    python = f"deployment = hub.deploy({said})"
    curl = recipes.curl(f"{origin}/api/v1/deployments", "--json", json.dumps(wish))
    return Recipe(command, curl, recipes.in_python(python))


def deployments(origin: str) -> Recipe:
    """Write the list of deployments."""
    python = "for each in hub.deployments.list():\n    print(each)"
    return recipes.read(["deployments", "list"], f"{origin}/api/v1/deployments", python)


def deployment(origin: str, deployment_id: str) -> Recipe:
    """Write a look at a deployment."""
    address = f"{origin}/api/v1/deployments/{deployment_id}"
    return recipes.read(
        ["deployments", "show", deployment_id], address, f'print(hub.deployments.get("{deployment_id}"))'
    )


def models(origin: str) -> Recipe:
    """Write the list of trained models."""
    return recipes.read(
        ["models", "list"], f"{origin}/api/v1/models", "for model in hub.models.list():\n    print(model)"
    )


def model(origin: str, model_id: str) -> Recipe:
    """Write a look at a trained model."""
    return recipes.read(
        ["models", "show", model_id], f"{origin}/api/v1/models/{model_id}", f'print(hub.models.get("{model_id}"))'
    )


def _keywords(arguments: Mapping[str, Any]) -> list[str]:
    """Write arguments as Python's keywords; those whose names are no identifiers as one dictionary."""
    good = [f"{name}={value!r}" for name, value in arguments.items() if name.isidentifier()]
    others = {name: value for name, value in arguments.items() if not name.isidentifier()}
    return [*good, f"**{others!r}"] if others else good


def _plain(text: str) -> Any:
    """Give numbers and truth values as such, and all else as the text it is."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, dict | str) or value is None else value
