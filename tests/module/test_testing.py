"""`check` finds what would fail before a user does."""

import json
from typing import Any

import pytest

from pelagos.module import BadInput, Folder, Module, Training, testing


class Doubling(Module):
    """Doubles a number, or multiplies with what it was trained to."""

    def load(self, model: Folder | None) -> None:
        self.factor = 2 if model is None else json.loads((model.path / "factor.json").read_text())

    def predict(self, number: int) -> int:
        return number * self.factor

    def train(self, run: Training, factor: int = 3) -> dict[str, Any]:
        (run.model / "factor.json").write_text(json.dumps(factor))
        return {"factor": factor}


class TestCheck:
    def test_gives_description_prediction_and_result(self) -> None:
        found = testing.check(Doubling, predict={"number": 4}, train={"factor": 5})

        assert json.loads(found["predictions"]) == {"status": "OK", "predictions": 8}
        assert found["result"] == {"factor": 5}
        assert found["description"]["summary"].startswith("Doubles")

    def test_runs_only_what_it_is_given(self) -> None:
        found = testing.check(Doubling)

        assert (found["predictions"], found["result"]) == (None, None)

    def test_finds_a_module_that_does_nothing(self) -> None:
        class Mute(Module):
            pass

        with pytest.raises(testing.CheckFailed, match="neither predict nor train"):
            testing.check(Mute)

    def test_finds_an_error_of_the_authors_code(self) -> None:
        class Broken(Module):
            """Broken."""

            def load(self, model: Folder | None) -> None: ...

            def predict(self, number: int) -> float:
                return number / 0

        with pytest.raises(testing.CheckFailed, match="predict: ZeroDivisionError"):
            testing.check(Broken, predict={"number": 1})

    def test_finds_an_example_that_the_module_refuses(self) -> None:
        class Picky(Module):
            """Picky."""

            def load(self, model: Folder | None) -> None: ...

            def predict(self, number: int) -> int:
                raise BadInput("too small", field="number")

        with pytest.raises(testing.CheckFailed, match="refused its own example: number: too small"):
            testing.check(Picky, predict={"number": 1})

    def test_finds_a_training_that_leaves_no_model(self) -> None:
        class Forgetful(Module):
            """Forgets."""

            def train(self, run: Training) -> None: ...

        with pytest.raises(testing.CheckFailed, match=r"nothing into run\.model"):
            testing.check(Forgetful, train={})
