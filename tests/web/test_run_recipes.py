from __future__ import annotations

import json
import shlex
from typing import Any

from pelagos.web import run_recipes


def parameter(name: str, schema: dict[str, Any], **changes: Any) -> dict[str, Any]:
    plain = {"keyword": name, "required": False, "in": None, "label": "", "unit": "", "advanced": False}
    return {"name": name, "schema": schema, "secret": False, **plain, **changes}


PARAMETERS = [
    parameter("data", {"type": "string", "format": "folder"}, required=True),
    parameter("epochs", {"type": "integer", "default": 3}),
    parameter("learning-rate", {"type": "number", "default": 0.1}),
    parameter("token", {"type": "string"}, secret=True),
    parameter("note", {"type": "string", "default": ""}),
]


class TestTraining:
    def test_says_what_is_not_usual_in_three_ways(self) -> None:
        said = {"epochs": "5", "learning-rate": "0.5", "token": "hunter2", "note": 'it\'s "good"', "_key": "x"}

        made = run_recipes.train("http://hub", "birds", PARAMETERS, said, data=("data", "finches", "./finches"))

        words = shlex.split(made.command.replace("\\\n", " "))
        assert words[:5] == ["pelagos", "train", "birds", "--data", "./finches"]
        body = json.loads(shlex.split(made.curl)[shlex.split(made.curl).index("--json") + 1])
        assert body == {
            "module": "birds",
            "dataset": "finches",
            "arguments": {"epochs": 5, "learning-rate": 0.5, "note": 'it\'s "good"'},
        }
        assert "dataset='finches', epochs=5, note='it\\'s \"good\"', **{'learning-rate': 0.5}" in made.python
        compile(made.python, "recipe", "exec")
        assert "hunter2" not in made.command + made.curl + made.python


class TestAll:
    def test_are_lines_that_a_shell_and_python_can_read(self) -> None:
        origin, odd = "http://hub", 'it\'s; rm -rf "$HOME"'
        made = [
            run_recipes.runs(origin),
            run_recipes.compare(origin, ["1" * 32, "2" * 32]),
            run_recipes.datasets(origin),
            run_recipes.dataset(origin, odd),
            run_recipes.deploy(origin, odd, odd),
            run_recipes.deployments(origin),
            run_recipes.models(origin),
        ]

        for recipe in made:
            compile(recipe.python, "recipe", "exec")
            for line in [*recipe.command.splitlines(), recipe.curl]:
                assert shlex.split(line)[0] in ("pelagos", "curl")
