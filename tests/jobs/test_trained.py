"""Trained models: found when a training has left one, named, aliased, packed, deleted."""

from __future__ import annotations

import io
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

import databases
from jobs import world as worlds
from pelagos import jobs
from pelagos.domain import clock, errors, records, resources, states

pytestmark = databases.BOTH
DONE = states.State.DONE


class Shelf:
    """Models of one state folder, made without training anything."""

    def __init__(self, world: worlds.World) -> None:
        self.world = world
        self.time = clock.FixedClock()
        self.jobs = world.jobs(time_source=self.time)
        self.models = self.again()

    def again(self) -> jobs.TrainedModels:
        """Give the models as another process sees them."""
        return jobs.TrainedModels(self.world.database, self.jobs, self.time)

    def add(self, module: str = "flowers", files: dict[str, str] | None = None, **changes: Any) -> str:
        """Record a training that ended well, and what it left."""
        self.time.move(1)
        job = records.Job(
            id=self.time.new_id(),
            kind=records.Kind.TRAINING,
            module=module,
            arguments={},
            resources=resources.Resources(),
            site="local",
            created=self.time.now(),
            state=DONE,
            command={"token": f"token-{self.time.new_id()}"},
        ).evolve(**changes)
        self.world.store.add(job)
        for name, text in ({"weights.bin": "w" * 10} if files is None else files).items():
            place = self.folder(job.id) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        return job.id

    def folder(self, job_id: str) -> Path:
        """Give the folder of a model."""
        return self.jobs.run_folder(job_id).model


@pytest.fixture
def shelf(world: worlds.World) -> Shelf:
    """A state folder without models."""
    return Shelf(world)


class TestList:
    def test_shows_the_newest_first(self, shelf: Shelf) -> None:
        old, new = shelf.add(result={"accuracy": 0.5, "epochs": 3, "ok": True, "classes": ["a"]}), shelf.add()

        listed = shelf.models.list()

        assert [model.id for model in listed] == [new, old]
        assert listed[1].metrics == {"accuracy": 0.5, "epochs": 3}
        assert (listed[1].size, listed[1].module, listed[1].title, listed[1].aliases) == (10, "flowers", "", ())

    @pytest.mark.parametrize(
        ("files", "changes"),
        [
            ({}, {}),
            (None, {"state": states.State.FAILED}),
            (None, {"state": states.State.RUNNING}),
            (None, {"kind": records.Kind.BATCH_PREDICTION}),
        ],
    )
    def test_leaves_out_what_left_no_model(
        self, shelf: Shelf, files: dict[str, str] | None, changes: dict[str, Any]
    ) -> None:
        shelf.add(files=files, **changes)

        assert shelf.models.list() == ()
        assert shelf.models.count() == 0

    def test_shows_a_model_the_moment_its_training_is_done(self, shelf: Shelf) -> None:
        running = shelf.add(state=states.State.RUNNING)
        assert shelf.models.list() == ()

        shelf.world.store.move(shelf.jobs.get(running), DONE, shelf.time.now())

        assert [model.id for model in shelf.models.list()] == [running]

    @pytest.mark.parametrize(
        ("text", "found"), [("best", 1), ("A 100%", 1), ("prod", 1), ("flow", 2), ("bird", 1), ("%", 1), ("no such", 0)]
    )
    def test_is_narrowed_by_a_text(self, shelf: Shelf, text: str, found: int) -> None:
        shelf.models.describe(shelf.add(), title="Best of May", description="a 100% sure thing")
        shelf.models.alias(shelf.add(), "production")
        shelf.add("birds")

        assert len(shelf.models.list(text=text)) == shelf.models.count(text=text) == found

    def test_is_narrowed_to_a_module_and_a_page(self, shelf: Shelf) -> None:
        flowers = [shelf.add() for _ in range(3)]
        shelf.add("birds")

        assert [model.id for model in shelf.models.list("flowers", limit=1, offset=1)] == [flowers[1]]
        assert shelf.models.count("flowers") == 3


class TestGet:
    def test_takes_a_uuid_however_it_is_written(self, shelf: Shelf) -> None:
        model = shelf.add()

        dashed = f"{model[:8]}-{model[8:12]}-{model[12:16]}-{model[16:20]}-{model[20:]}".upper()

        assert shelf.models.get(dashed).id == model

    @pytest.mark.parametrize("other", ["", "x", "f" * 32, "x" * 100_000, "../flowers"])
    def test_does_not_know_others(self, shelf: Shelf, other: str) -> None:
        shelf.add()

        with pytest.raises(errors.NotFound):
            shelf.models.get(other)


class TestDescribe:
    def test_is_kept(self, shelf: Shelf) -> None:
        model = shelf.add()

        shelf.models.describe(model, title=" Best\nof May ", description="Of *all*.\n")
        shelf.models.describe(model, title="Best of June")

        known = shelf.again().get(model)
        assert (known.title, known.description) == ("Best of June", "Of *all*.\n")

    def test_refuses_what_is_too_long_and_keeps_what_was(self, shelf: Shelf) -> None:
        model = shelf.add()
        shelf.models.describe(model, title="Best of May")

        with pytest.raises(errors.InvalidInput) as caught:
            shelf.models.describe(model, title="t" * 201, description="d" * 20_001)

        assert set(caught.value.faults) == {"title", "description"}
        assert shelf.models.get(model).title == "Best of May"


class TestAlias:
    def test_means_the_model_it_was_given_last(self, shelf: Shelf) -> None:
        first, second = shelf.add(), shelf.add()
        shelf.models.alias(first, "production")

        moved = shelf.models.alias(second, "production")

        assert moved.aliases == ("production",)
        assert shelf.models.get(first).aliases == ()
        assert shelf.again().resolve("flowers", "production") == second

    def test_means_another_model_for_another_module(self, shelf: Shelf) -> None:
        flower, bird = shelf.add(), shelf.add("birds")

        for model in (flower, bird):
            shelf.models.alias(model, "production")

        assert shelf.models.resolve("flowers", "production") == flower
        assert shelf.models.resolve("birds", "production") == bird

    def test_is_taken_away(self, shelf: Shelf) -> None:
        model = shelf.add()
        shelf.models.alias(model, "production")

        for _ in range(2):
            shelf.models.unalias("flowers", "production")

        with pytest.raises(errors.NotFound):
            shelf.models.resolve("flowers", "production")

    @pytest.mark.parametrize("word", ["", "pretrained", "Upper", "with space", "a/b", "f" * 32, "1st", "ü", "a" * 101])
    def test_refuses_what_could_mean_something_else(self, shelf: Shelf, word: str) -> None:
        model = shelf.add()

        with pytest.raises(errors.InvalidInput) as caught:
            shelf.models.alias(model, word)

        assert set(caught.value.faults) == {"alias"}

    def test_always_means_one_model_while_it_moves(self, shelf: Shelf) -> None:
        models = [shelf.add(), shelf.add()]
        shelf.models.alias(models[0], "production")
        over = threading.Event()

        def move() -> None:
            for turn in range(20):
                shelf.again().alias(models[turn % 2], "production")
            over.set()

        mover = threading.Thread(target=move)
        mover.start()
        seen = set()
        while not over.is_set():
            seen.add(shelf.models.resolve("flowers", "production"))
        mover.join()

        assert seen <= set(models)
        assert sum(len(model.aliases) for model in shelf.models.list()) == 1


class TestResolve:
    def test_refuses_the_model_of_another_module(self, shelf: Shelf) -> None:
        bird = shelf.add("birds")

        with pytest.raises(errors.NotFound, match="one of the module birds"):
            shelf.models.resolve("flowers", bird)


class TestDelete:
    def test_removes_the_files_and_the_aliases(self, shelf: Shelf) -> None:
        model = shelf.add()
        shelf.models.alias(model, "production")

        for _ in range(2):
            shelf.models.delete(model)

        assert not shelf.folder(model).exists()
        assert shelf.models.list() == ()
        assert shelf.jobs.aliases("flowers") == {}
        assert shelf.jobs.get(model).deleted

    def test_of_the_training_leaves_no_alias_that_leads_nowhere(self, shelf: Shelf) -> None:
        model = shelf.add()
        shelf.models.alias(model, "production")

        shelf.jobs.delete(model)

        assert shelf.jobs.aliases("flowers") == {}
        with pytest.raises(errors.NotFound):
            shelf.models.resolve("flowers", "production")


class TestArchive:
    def test_holds_the_files_of_the_model(self, shelf: Shelf) -> None:
        model = shelf.add(files={"weights.bin": "w" * 3_000_000, "tokens/ü.txt": "ü", "empty": ""})
        (shelf.folder(model) / "elsewhere").symlink_to("/etc/passwd")

        with zipfile.ZipFile(io.BytesIO(b"".join(shelf.models.archive(model)))) as packed:
            assert packed.testzip() is None
            top = f"flowers-{model[:8]}"
            assert packed.namelist() == [f"{top}/empty", f"{top}/weights.bin", f"{top}/tokens/ü.txt"]
            assert packed.read(f"{top}/tokens/ü.txt").decode() == "ü"

    def test_comes_in_pieces(self, shelf: Shelf) -> None:
        model = shelf.add(files={"weights.bin": "w" * 10_000_000})

        assert max(map(len, shelf.models.archive(model))) < 2_000_000

    def test_of_nothing_is_not_found_before_anything_is_sent(self, shelf: Shelf) -> None:
        with pytest.raises(errors.NotFound):
            shelf.models.archive("f" * 32)
