"""Which model a prediction means, by uuid and by alias."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelagos import db, jobs
from pelagos.domain import clock, errors, records, resources, states
from pelagos.runtime import trained
from pelagos.runtime.console import pickers


class Shelf:
    """Models of one state folder, made without training anything."""

    def __init__(self, folder: Path) -> None:
        self.database = db.connect(f"sqlite:///{folder}/pelagos.db")
        self.store = jobs.Store(self.database)
        self.time = clock.FixedClock()
        self.jobs = jobs.Jobs(self.store, drivers={}, folder=folder / "jobs", cache=folder / "cache", clock=self.time)
        self.said = jobs.TrainedModels(self.database, self.jobs, self.time)
        self.models = trained.Models(self.jobs)

    def add(self, module: str = "flowers") -> str:
        """Record a training that left a model."""
        self.time.move(1)
        job = records.Job(
            id=self.time.new_id(),
            kind=records.Kind.TRAINING,
            module=module,
            arguments={},
            resources=resources.Resources(),
            site="local",
            created=self.time.now(),
            state=states.State.DONE,
        )
        self.store.add(job)
        folder = self.jobs.run_folder(job.id).model
        folder.mkdir(parents=True)
        (folder / "weights").write_text("w")
        return job.id

    def chosen(self, model: str) -> str | None:
        """Give the id of the model that a request means; None for the pretrained one."""
        folder = asyncio.run(self.models.folder("flowers", model))
        return folder and folder.parent.name


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A state folder without models."""
    made = Shelf(tmp_path)
    yield made
    made.database.close()


class TestFolder:
    @pytest.mark.parametrize("word", ["", "pretrained"])
    def test_is_none_for_the_pretrained_model(self, shelf: Shelf, word: str) -> None:
        assert shelf.chosen(word) is None

    def test_is_found_by_uuid(self, shelf: Shelf) -> None:
        model = shelf.add()

        assert shelf.chosen(model) == shelf.chosen(model.upper()) == model

    def test_follows_an_alias_when_it_moves(self, shelf: Shelf) -> None:
        old, new = shelf.add(), shelf.add()
        shelf.said.alias(old, "production")
        assert shelf.chosen("production") == old

        shelf.said.alias(new, "production")

        assert shelf.chosen("production") == new

    def test_of_a_deleted_model_is_not_remembered(self, shelf: Shelf) -> None:
        model = shelf.add()
        shelf.said.alias(model, "production")
        shelf.chosen(model)

        shelf.said.delete(model)

        for word in (model, "production"):
            with pytest.raises(errors.InvalidInput, match=r"expected one of pretrained$"):
                shelf.chosen(word)

    @pytest.mark.parametrize("word", ["nothing", "0" * 32, "../x", "x" * 10_000])
    def test_of_anything_else_is_refused_with_what_there_is(self, shelf: Shelf, word: str) -> None:
        model, bird = shelf.add(), shelf.add("birds")
        shelf.said.alias(model, "production")
        shelf.said.alias(bird, "best")

        with pytest.raises(errors.InvalidInput, match=f"expected one of pretrained, production, {model}$"):
            shelf.chosen(word)

    def test_of_another_module_is_refused(self, shelf: Shelf) -> None:
        bird = shelf.add("birds")
        shelf.said.alias(bird, "production")

        for word in (bird, "production"):
            with pytest.raises(errors.InvalidInput):
                shelf.chosen(word)


class TestPicker:
    def test_offers_aliases_before_uuids(self, shelf: Shelf) -> None:
        model, other = shelf.add(), shelf.add()
        shelf.said.alias(model, "production")

        offered = pickers.models(shelf.jobs, "flowers")

        assert [option.value for option in offered] == ["pretrained", "production", other, model]
        assert offered[1].text.startswith("production · ")
