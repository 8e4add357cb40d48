from __future__ import annotations

from typing import Any

from pelagos.runtime.console import described


def parameter(name: str, **changes: Any) -> dict[str, Any]:
    return {"name": name, "keyword": name.replace("-", "_"), "schema": {}, "secret": False, **changes}


PARAMETERS = [
    parameter("batch-size", schema={"default": 8}),
    parameter("epochs", schema={"default": 3}),
    parameter("token", secret=True),
]


class TestChosen:
    def test_leaves_out_defaults_and_secrets(self) -> None:
        arguments = {"batch_size": 8, "epochs": 5, "token": "hunter2", "unknown": 1}

        assert described.chosen(PARAMETERS, arguments) == {"epochs": 5, "unknown": 1}


class TestHidden:
    def test_are_the_secrets(self) -> None:
        assert described.hidden(PARAMETERS, {"epochs": 5, "token": "hunter2"}) == {"token"}

    def test_are_all_texts_when_nobody_knows_the_module_any_more(self) -> None:
        arguments = {"epochs": 5, "rate": 0.1, "shuffle": True, "seed": None, "token": "hunter2", "tokens": ["hunter2"]}

        assert described.hidden((), arguments) == {"token", "tokens"}
        assert described.chosen((), arguments) == {"epochs": 5, "rate": 0.1, "shuffle": True, "seed": None}


class TestByName:
    def test_gives_the_names_of_a_form(self) -> None:
        assert described.by_name(PARAMETERS, {"batch_size": 4, "gone": 1}) == {"batch-size": 4}


class TestParameters:
    def test_of_an_unknown_module_are_none(self) -> None:
        assert described.parameters(None, "train") == ()
        assert described.parameters({"train": None}, "train") == ()
