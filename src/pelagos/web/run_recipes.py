"""Write what the pages of runs, models, deployments and data sets do as a command, a curl line and Python."""

from __future__ import annotations

import json
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


def train(origin: str, module: str, parameters: described.Parameters, values: Mapping[str, Any]) -> Recipe:
    """Write the start of a training with what the form says that is not usual."""
    method = {"parameters": parameters}
    usual = {each["name"]: fields.shown(each["schema"].get("default")) for each in parameters}
    hidden = {each["name"] for each in parameters if each["secret"]}
    texts = {name: fields.shown(value) for name, value in values.items()}
    said = [
        (name, text) for name, text in texts.items() if name in usual and name not in hidden and text != usual[name]
    ]
    said = console_recipes.example(method, said)
    body = json.dumps({"module": module, "arguments": dict(said)}, ensure_ascii=False)
    curl = recipes.curl(f"{origin}/api/v1/runs", "--json", body)
    python = f"run = hub.train({json.dumps(module)}, {json.dumps(dict(said), ensure_ascii=False)})\nrun.wait()"
    command = console_recipes.train(origin, module, method, said).command
    return Recipe(command, curl, recipes.in_python(python))


def datasets(origin: str) -> Recipe:
    """Write the list of data sets, and how one is added."""
    command = "pelagos datasets list\npelagos datasets add birds ./birds.zip"
    curl = recipes.curl(f"{origin}/api/v1/datasets/birds?filename=birds.zip", "-T", "birds.zip")
    return Recipe(command, curl, recipes.in_python('hub.datasets.upload("birds", "birds.zip")'))


def dataset(origin: str, name: str) -> Recipe:
    """Write a look at a data set."""
    address = f"{origin}/api/v1/datasets/{name}/entries"
    return recipes.read(["datasets", "show", name], address, f"print(hub.datasets.get({json.dumps(name)}))")


def deploy(origin: str, module: str, model: str) -> Recipe:
    """Write a deployment of a module."""
    wish = {"module": module, **({"model": model} if model else {})}
    command = f"pelagos deploy {module}" + (f" --model {model}" if model else "")
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
