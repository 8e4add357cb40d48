"""Runs: from arguments as they were typed or sent to a job that runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import waiting
from orchestrator.bench import Bench
from orchestrator.world import World
from pelagos.domain import errors, records, resources, states
from pelagos.runtime import calls


@pytest.fixture
def bench(world: World) -> Iterator[Bench]:
    made = Bench(world)
    yield made
    for job in made.jobs.find(states=[state for state in states.State if not state.final]):
        made.jobs.cancel(job.id)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three inputs, one of them bad, one in a folder of its own, and a hidden file."""
    place = tmp_path / "inputs"
    (place / "more").mkdir(parents=True)
    (place / "a.txt").write_text("1\n2\n")
    (place / "bad.txt").write_text("no number\n")
    (place / "more" / "c.txt").write_text("4\n")
    (place / ".hidden").write_text("8\n")
    return place


class TestTrain:
    def test_reads_words_of_a_form_and_json_alike(self, bench: Bench) -> None:
        form = bench.runs.train("counting", {"epochs": ["2"], "delay_s": ["0"]}, person="ada")
        sent = bench.runs.train("counting", {"epochs": 2, "fail": False})

        done = bench.ended(form)
        assert (done.state, done.arguments["epochs"], done.person) == (states.State.DONE, 2, "ada")
        assert bench.ended(sent).result["epochs"] == 2

    def test_puts_the_data_set_where_it_belongs(self, bench: Bench, folder: Path) -> None:
        job = bench.runs.train("counting", {"dataset": "/elsewhere", "epochs": 1}, dataset=folder)

        assert job.arguments["dataset"] == {"$folder": str(folder)}
        assert bench.ended(job).result["files"] == 4

    def test_is_one_training_for_one_key(self, bench: Bench) -> None:
        first = bench.runs.train("counting", {"epochs": 1}, key="once")

        assert bench.runs.train("counting", {"epochs": 1}, key="once").id == first.id

    def test_goes_on_from_a_model_by_its_alias(self, bench: Bench) -> None:
        first = bench.ended(bench.runs.train("counting", {"epochs": 1}))
        bench.models.alias(first.id, "production")

        second = bench.runs.train("counting", {"epochs": 1}, resume="production")

        spec = bench.jobs.run_folder(second.id).spec() or {}
        assert spec["resume"] == str(bench.jobs.run_folder(first.id).model)

    def test_goes_on_from_what_a_training_saved_that_was_ended(self, bench: Bench) -> None:
        first = bench.runs.train("counting", {"epochs": 1000, "delay_s": 0.02})
        waiting.until(lambda: bench.jobs.run_folder(first.id).metrics()[0])
        bench.jobs.cancel(first.id)

        second = bench.runs.train("counting", {"epochs": 1}, resume=first.id)

        spec = bench.jobs.run_folder(second.id).spec() or {}
        assert bench.jobs.get(first.id).state is states.State.CANCELLED
        assert spec["resume"] == str(bench.jobs.run_folder(first.id).model)

    def test_says_when_there_is_nothing_to_go_on_from(self, bench: Bench) -> None:
        failed = bench.ended(bench.runs.train("counting", {"fail": True}))

        with pytest.raises(errors.InvalidInput, match=f"resume: {failed.id} left nothing to go on from"):
            bench.runs.train("counting", {}, resume=failed.id)

    def test_names_every_fault(self, bench: Bench) -> None:
        with pytest.raises(errors.InvalidInput) as refused:
            bench.runs.train("counting", {"epochs": "many", "delay_s": -1})

        assert set(refused.value.faults) == {"epochs", "delay_s"}
        assert bench.jobs.count() == 0

    @pytest.mark.parametrize(
        ("module", "how", "error", "words"),
        [
            ("trivial", {}, errors.NotFound, "'trivial' cannot train"),
            ("countign", {}, errors.NotFound, "countign"),
            ("counting", {"site": "moon"}, errors.InvalidInput, "moon"),
            ("counting", {"resources": resources.Resources(cpus=100_000)}, errors.Conflict, "asks for 100000 cores"),
            ("counting", {"resume": "nothing"}, errors.PelagosError, "nothing"),
        ],
    )
    def test_says_why_it_cannot(
        self, bench: Bench, module: str, how: Any, error: type[errors.PelagosError], words: str
    ) -> None:
        with pytest.raises(error, match=words):
            bench.runs.train(module, {}, **how)

    def test_takes_no_object_that_looks_like_one_of_ours(self, bench: Bench, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput):
            bench.runs.train("counting", {"epochs": {"$each": str(tmp_path)}})


class TestPredictBatch:
    def test_answers_every_file_and_one_bad_one_stops_nothing(self, bench: Bench, folder: Path) -> None:
        job = bench.runs.predict_batch("counting", folder, {"values": [0.5], "scale": "2"})

        done = bench.ended(job)
        assert (done.state, done.kind) == (states.State.DONE, records.Kind.BATCH_PREDICTION)
        assert {key: done.result[key] for key in ("done", "failed", "skipped")} == {
            "done": 2,
            "failed": 1,
            "skipped": 0,
        }
        assert bench.outputs(job) == {
            "a.txt.json": {"total": 7.0, "model": "pretrained"},
            "more/c.txt.json": {"total": 9.0, "model": "pretrained"},
        }
        faults = (bench.jobs.run_folder(job.id).outputs / "errors.jsonl").read_text()
        assert json.loads(faults)["input"] == "bad.txt"
        assert "bad.txt: could not convert" in json.loads(faults)["message"]
        assert (bench.jobs.run_folder(job.id).progress() or {})["message"] == "3 of 3 files, 1 failed"

    def test_uses_a_trained_model(self, bench: Bench, folder: Path) -> None:
        trained = bench.ended(bench.runs.train("counting", {"epochs": 3}))

        job = bench.ended(bench.runs.predict_batch("counting", folder, {"values": [0]}, model=trained.id))

        assert bench.outputs(job)["a.txt.json"] == {"total": 6.0, "model": trained.id}

    def test_goes_on_where_an_earlier_run_was(self, bench: Bench, folder: Path) -> None:
        first = bench.ended(bench.runs.predict_batch("counting", folder, {"values": [0]}))
        (folder / "bad.txt").write_text("16\n")

        second = bench.ended(bench.runs.predict_batch("counting", folder, {"values": [0]}, resume=first.id))

        assert {key: second.result[key] for key in ("done", "failed", "skipped")} == {
            "done": 1,
            "failed": 0,
            "skipped": 2,
        }
        assert {name: answer["total"] for name, answer in bench.outputs(second).items()} == {
            "a.txt.json": 3.0,
            "bad.txt.json": 16.0,
            "more/c.txt.json": 4.0,
        }

    def test_takes_over_no_answers_that_were_made_in_another_way(self, bench: Bench, folder: Path) -> None:
        first = bench.ended(bench.runs.predict_batch("counting", folder, {"values": [0]}))

        with pytest.raises(errors.InvalidInput, match="was made with other values of scale, values"):
            bench.runs.predict_batch("counting", folder, {"values": [1], "scale": 2}, resume=first.id)

    def test_fails_when_not_one_file_can_be_answered(self, bench: Bench, folder: Path) -> None:
        (folder / "a.txt").unlink()
        (folder / "more" / "c.txt").unlink()

        job = bench.ended(bench.runs.predict_batch("counting", folder, {"values": [0]}))

        assert job.state is states.State.FAILED
        assert "Not one of 1 files could be answered. The first: bad.txt: " in job.message

    def test_names_what_is_wrong_before_anything_runs(self, bench: Bench, folder: Path) -> None:
        upload = calls.Upload("x.txt", size=1, data=b"1")

        for arguments, names in (({}, {"values"}), ({"values": [1], "scale": 0}, {"scale"})):
            with pytest.raises(errors.InvalidInput) as refused:
                bench.runs.predict_batch("counting", folder, arguments)
            assert set(refused.value.faults) == names
        with pytest.raises(errors.InvalidInput, match="is not a folder"):
            bench.runs.predict_batch("counting", folder / "a.txt", {"values": [1], "file": upload})


class TestPlan:
    def test_counts_what_runs(self, bench: Bench) -> None:
        bench.runs.train("counting", {"epochs": 100, "delay_s": 1}, resources=resources.Resources(cpus=1))

        plan = bench.runs.plan(resources.Resources())

        assert plan.site == "local"
        assert plan.rows[0].score is not None
        assert plan.rows[0].score < 1.0
