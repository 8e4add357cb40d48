from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import Terminal
from pelagos import cli

Pelagos = Callable[..., Any]
pytestmark = pytest.mark.heavy


class TestTrain:
    def test_follows_a_training_to_its_end(self, pelagos: Pelagos, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").touch()

        ran = pelagos("train", "counting", "--epochs", "3", "--dataset", str(tmp_path))

        assert ran.code == 0
        assert "step 3  loss 0.3333  accuracy 0.75" in ran.err
        assert "accuracy: 0.75" in ran.out
        assert "note: It only counts." in ran.err
        assert "The model is " in ran.out

    def test_gives_the_record_as_json(self, pelagos: Pelagos) -> None:
        ran = pelagos("train", "counting", "--epochs", "2", "--json")

        assert (ran.json["state"], ran.json["result"]["epochs"]) == ("done", 2)
        assert ran.json["arguments"]["epochs"] == 2

    def test_fails_with_the_module(self, pelagos: Pelagos) -> None:
        ran = pelagos("train", "counting", "--fail")

        assert ran.code == 1
        assert "RuntimeError: asked to fail" in ran.err
        assert "pelagos jobs logs" in ran.err

    def test_refuses_with_all_faults(self, pelagos: Pelagos) -> None:
        ran = pelagos("train", "counting", "--epochs", "0", "--dataset", "/nowhere", "--cpus", "many", "--delay", "1")

        assert ran.code == 2
        for flag in ("--epochs", "--dataset", "--cpus", "--delay"):
            assert f"  {flag}: " in ran.err
        assert "did you mean --delay-s?" in ran.err
        assert pelagos("jobs", "list", "--json").json == []

    def test_says_that_a_module_cannot_be_trained(self, pelagos: Pelagos) -> None:
        ran = pelagos("train", "trivial")

        assert ran.code == 2
        assert "'trivial' has no train" in ran.err

    def test_is_one_training_for_one_key(self, pelagos: Pelagos) -> None:
        first = pelagos("train", "counting", "--key", "mine", "--json").json["uuid"]

        assert pelagos("train", "counting", "--key", "mine", "--json").json["uuid"] == first

    def test_takes_the_model_of_an_earlier_one_along(self, pelagos: Pelagos, state: Path) -> None:
        first = pelagos("train", "counting", "--json").json["uuid"]

        second = pelagos("train", "counting", "--resume", first[:10], "--json").json["uuid"]

        spec = (state / "jobs" / second / "spec.json").read_text()
        assert f'"resume": "{state}/jobs/{first}/model"' in spec

    def test_goes_on_with_the_arguments_of_an_earlier_one(self, pelagos: Pelagos, tmp_path: Path) -> None:
        words = ("--dataset", str(tmp_path), "--epochs", "2", "--delay-s", "0.01")
        first = pelagos("train", "counting", *words, "--json").json

        second = pelagos("train", "counting", "--resume", first["uuid"], "--epochs", "4", "--json").json

        assert second["arguments"] == {**first["arguments"], "epochs": 4}
        assert second["arguments"]["dataset"] == {"$folder": str(tmp_path)}

    def test_says_when_there_is_nothing_to_go_on_from(self, pelagos: Pelagos) -> None:
        job = pelagos("train", "counting", "--fail", "--json").json["uuid"]

        ran = pelagos("train", "counting", "--resume", job)

        assert ran.code == 2
        assert f"--resume: {job} left nothing to go on from" in ran.err
        assert len(pelagos("jobs", "list", "--json").json) == 1

    def test_goes_on_from_no_training_whose_files_are_gone(self, pelagos: Pelagos) -> None:
        job = pelagos("train", "counting", "--json").json["uuid"]
        pelagos("jobs", "delete", job)

        assert "has no files any more" in pelagos("train", "counting", "--resume", job).err

    def test_goes_on_from_no_training_that_still_runs(self, pelagos: Pelagos) -> None:
        job = pelagos("train", "counting", "--delay-s", "0.2", "--epochs", "1000", "--detach").out.strip()

        ran = pelagos("train", "counting", "--resume", job)
        pelagos("jobs", "cancel", job)

        assert (ran.code, "wait for its end or cancel it first" in ran.err) == (2, True)

    def test_detached_returns_at_once_and_goes_on(self, pelagos: Pelagos) -> None:
        ran = pelagos("train", "counting", "--delay-s", "0.2", "--epochs", "5", "--detach")
        before = pelagos("jobs", "show", ran.out.strip(), "--json").json["state"]

        pelagos("jobs", "logs", "-f", ran.out.strip())

        assert before in ("starting", "running")
        assert pelagos("jobs", "show", ran.out.strip(), "--json").json["state"] == "done"


class TestTrainOnATerminal:
    def test_shows_bar_metrics_and_log(self, state: Path) -> None:
        terminal = Terminal("train", "counting", "--epochs", "3", "--delay-s", "0.2")

        terminal.read_until("The model is")

        assert terminal.end() == 0
        for words in ("epoch 2 of 3", "accuracy", "0.3333", "log", "100%"):
            assert words in terminal.seen

    @pytest.mark.parametrize(("answer", "state_after"), [("\n", "running"), ("c\n", "cancelled"), ("\x03", "running")])
    def test_asks_at_ctrl_c_whether_to_go_on(
        self, state: Path, pelagos: Pelagos, answer: str, state_after: str
    ) -> None:
        terminal = Terminal("train", "counting", "--epochs", "200", "--delay-s", "0.2")
        terminal.read_until("epoch 2 of")

        terminal.type("\x03")
        terminal.read_until("Enter leaves")
        terminal.type(answer)
        terminal.read_until("cancelled" if state_after == "cancelled" else "pelagos jobs cancel")
        code = terminal.end()
        job = pelagos("jobs", "list", "--json").json[0]
        cli.main(["jobs", "cancel", job["uuid"]])

        assert (code, job["state"]) == (130, state_after)
