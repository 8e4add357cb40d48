"""Tests of pelagos.module.deepaas."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields, validate

from pelagos.module import tensorboard
from pelagos.module.adapter import Refused, Request
from pelagos.module.deepaas import DeepaasAdapter
from pelagos.module.training import Training


class Model:
    """A module that looks at the folder of its trained models, as real ones do."""

    def __init__(self, models: Path) -> None:
        self.models = models
        self.warm_calls = 0
        self.choices: list[str] = []
        self.result: Any = None

    def get_metadata(self) -> dict[str, Any]:
        return {"name": "model", "summary": "Predicts.\n\nAt length.", "version": "3.1", "extra": [1]}

    def get_predict_args(self) -> dict[str, Any]:
        names = sorted(path.name for path in self.models.iterdir())
        return {
            "timestamp": fields.Str(
                load_default=(names or [""])[-1],
                metadata={"enum": names},
                validate=validate.OneOf(self.choices) if self.choices else None,
            ),
            "accept": fields.Str(validate=validate.OneOf(["application/json", "text/plain"])),
        }

    def get_train_args(self) -> dict[str, Any]:
        choice = validate.OneOf(self.choices) if self.choices else None
        return {"name": fields.Str(required=True), "start": fields.Str(validate=choice)}

    def warm(self) -> None:
        self.warm_calls += 1

    def predict(self, timestamp: str, accept: str) -> Any:
        return timestamp if accept == "text/plain" else {"timestamp": timestamp}

    def train(self, name: str) -> Any:
        (self.models / name).mkdir()
        return self.result or {"modelname": name}


@pytest.fixture
def model(tmp_path: Path) -> Model:
    (tmp_path / "models").mkdir()
    return Model(tmp_path / "models")


@pytest.fixture
def adapter(model: Model) -> DeepaasAdapter:
    return DeepaasAdapter(model, name="model", metadata=lambda: {"version": "of the distribution"})


def run_in(folder: Path) -> Training:
    return Training(folder / "run", id="1", cache=folder / "cache")


class TestDescription:
    def test_gives_the_modules_own_metadata_and_facts(self, adapter: DeepaasAdapter) -> None:
        told = adapter.description()

        assert told["metadata"] == {
            "name": "model",
            "summary": "Predicts.\n\nAt length.",
            "version": "3.1",
            "extra": [1],
        }
        assert (told["kind"], told["summary"], told["version"]) == ("deepaas", "Predicts.", "3.1")
        assert told["predict"]["media_types"] == ["application/json", "text/plain"]
        assert told["predict"]["parse"] == "worker"

    def test_shows_choices_that_a_training_added(self, adapter: DeepaasAdapter, tmp_path: Path) -> None:
        before = adapter.description()["predict"]["parameters"][0]["schema"]

        adapter.train(run_in(tmp_path), {"name": "2026-01-31_120000"})

        after = adapter.description()["predict"]["parameters"][0]["schema"]
        assert "enum" not in before
        assert after["enum"] == ["2026-01-31_120000"]

    def test_keeps_what_it_knows_when_the_module_fails(self, model: Model, adapter: DeepaasAdapter) -> None:
        adapter.description()
        model.models = model.models / "gone"

        with pytest.raises(FileNotFoundError):
            adapter.description()

        answer = adapter.predict(Request({}, raw={"query": [["timestamp", "x"]]}))
        assert answer.body == b'{"status": "OK", "predictions": {"timestamp": "x"}}'

    def test_leaves_out_functions_that_the_module_lacks(self) -> None:
        told = DeepaasAdapter(object(), name="bare").description()

        assert (told["predict"], told["train"]) == (None, None)


class TestPredict:
    def test_calls_the_module_with_keywords(self, adapter: DeepaasAdapter) -> None:
        answer = adapter.predict(Request({}, raw={"query": [["timestamp", "x"]]}))

        assert answer.body == b'{"status": "OK", "predictions": {"timestamp": "x"}}'

    def test_answers_with_the_media_type_that_was_asked_for(self, adapter: DeepaasAdapter) -> None:
        answer = adapter.predict(Request({}, raw={"query": [["timestamp", "x"], ["accept", "text/plain"]]}))

        assert (answer.body, answer.media_type) == (b"x", "text/plain")

    def test_accepts_a_choice_that_was_added_since(self, model: Model, adapter: DeepaasAdapter) -> None:
        model.choices = ["old"]
        adapter.predict(Request({}, raw={"query": [["timestamp", "old"]]}))
        model.choices = ["old", "new"]

        answer = adapter.predict(Request({}, raw={"query": [["timestamp", "new"]]}))

        assert answer.body == b'{"status": "OK", "predictions": {"timestamp": "new"}}'

    def test_takes_arguments_by_keyword_without_a_request(self, adapter: DeepaasAdapter) -> None:
        answer = adapter.predict(Request({"timestamp": "y"}))

        assert answer.body == b'{"status": "OK", "predictions": {"timestamp": "y"}}'

    def test_says_501_for_a_module_that_cannot(self) -> None:
        with pytest.raises(Refused) as caught:
            DeepaasAdapter(object(), name="bare").predict(Request({}, raw={}))

        assert caught.value.status == 501
        assert caught.value.body == b"501: Not implemented by underlying model (loaded 'bare')"

    def test_fails_only_the_request_that_is_wrong_in_a_batch(self, adapter: DeepaasAdapter) -> None:
        good, bad = Request({}, raw={}), Request({}, raw={"query": [["accept", "no/such"]]})

        first, second = adapter.predict_batch([bad, good])

        assert isinstance(first, Refused)
        assert not isinstance(second, Exception)


class TestTrain:
    def test_warms_the_module_first(self, adapter: DeepaasAdapter, model: Model, tmp_path: Path) -> None:
        result = adapter.train(run_in(tmp_path), {"name": "a"})

        assert (result, model.warm_calls) == ({"modelname": "a"}, 1)

    def test_gives_a_result_that_json_cannot_hold_as_text(
        self, adapter: DeepaasAdapter, model: Model, tmp_path: Path
    ) -> None:
        model.result = Path

        assert adapter.train(run_in(tmp_path), {"name": "a"}) == "<class 'pathlib.Path'>"

    def test_reads_its_arguments_in_a_worker_without_training(self, adapter: DeepaasAdapter, model: Model) -> None:
        answer = adapter.predict(Request({}, raw={"method": "train", "query": [["name", "b"]]}))

        assert isinstance(answer.body, bytes)
        assert json.loads(answer.body) == {"arguments": {"name": "b"}}
        assert list(model.models.iterdir()) == []

    def test_refuses_wrong_arguments_in_a_worker(self, adapter: DeepaasAdapter) -> None:
        with pytest.raises(Refused) as caught:
            adapter.predict(Request({}, raw={"method": "train"}))

        assert json.loads(caught.value.body) == {"name": ["Missing data for required field."]}

    def test_accepts_a_choice_that_was_added_since(self, adapter: DeepaasAdapter, model: Model) -> None:
        model.choices = ["old"]
        adapter.predict(Request({}, raw={"method": "train", "query": [["name", "b"], ["start", "old"]]}))
        with pytest.raises(Refused):
            adapter.predict(Request({}, raw={"query": [["timestamp", "no such"]]}))
        model.choices = ["old", "new"]

        answer = adapter.predict(Request({}, raw={"method": "train", "query": [["name", "b"], ["start", "new"]]}))

        assert isinstance(answer.body, bytes)
        assert json.loads(answer.body) == {"arguments": {"name": "b", "start": "new"}}


class TestEvents:
    """What a module writes for TensorBoard below `models/`, of which the run folder knows nothing."""

    @pytest.fixture
    def gulls(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeepaasAdapter]:
        home = tmp_path / "repository"
        (home / "gulls").mkdir(parents=True)
        (home / "gulls" / "__init__.py").touch()
        (home / "gulls" / "api.py").write_text(
            "import pathlib\n"
            "from pelagos.module import tensorboard\n"
            "def train():\n"
            "    home = pathlib.Path(__file__).parents[1]\n"
            "    tensorboard.EventWriter(home / 'models' / 'today' / 'logs')\n"
            "    raise RuntimeError('late')\n"
        )
        monkeypatch.syspath_prepend(home)
        yield DeepaasAdapter(importlib.import_module("gulls.api"), name="gulls")
        for name in ("gulls", "gulls.api"):
            del sys.modules[name]

    def test_are_kept_where_its_folder_goes_with_the_container(
        self, gulls: DeepaasAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tensorboard.EventWriter(tmp_path / "repository" / "models" / "yesterday")
        for path in (tmp_path / "repository" / "models" / "yesterday").iterdir():
            os.utime(path, (1, 1))
        monkeypatch.chdir(tmp_path)

        with pytest.raises(RuntimeError, match="late"):
            gulls.train(run_in(tmp_path), {})

        (kept,) = (tmp_path / "run").rglob("*tfevents*")
        assert kept.relative_to(tmp_path / "run").parts[:-1] == ("tensorboard", "today", "logs")

    def test_stay_in_its_repository(
        self, gulls: DeepaasAdapter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path / "repository")

        with pytest.raises(RuntimeError, match="late"):
            gulls.train(run_in(tmp_path), {})

        assert list((tmp_path / "run").rglob("*tfevents*")) == []
