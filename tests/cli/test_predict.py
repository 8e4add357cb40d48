import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import waiting
from cli.terminal import Terminal

Pelagos = Callable[..., Any]
pytestmark = pytest.mark.heavy
WAIT_S = 30.0
MANY = 3000
"""Inputs that take longer than it takes to send a signal."""


@pytest.fixture
def numbers(tmp_path: Path) -> Path:
    """A folder of files with one number each, one of them bad."""
    for number in range(20):
        path = tmp_path / "numbers" / ("even" if number % 2 == 0 else "odd") / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n")
    (tmp_path / "numbers" / "bad.txt").write_text("many\n")
    return tmp_path / "numbers"


class TestPredict:
    def test_prints_the_answer(self, pelagos: Pelagos) -> None:
        ran = pelagos("predict", "trivial", "--text", "hello", "--number", "3", "--json")

        assert ran.code == 0
        assert ran.json == {"text": "hello", "number": 3}

    def test_takes_a_folder_of_code_for_a_module(self, pelagos: Pelagos) -> None:
        folder = Path(__file__).parents[1] / "modules_for_tests" / "trivial"

        assert pelagos("predict", str(folder), "--text", "hello").code == 0

    def test_answers_several_inputs_a_line_each(self, pelagos: Pelagos, numbers: Path) -> None:
        words = [str(numbers / "odd" / name) for name in ("1.txt", "3.txt")]

        ran = pelagos("predict", "counting", *words, "--values", "10", "--json")

        answers = [json.loads(line)["answer"]["total"] for line in ran.out.splitlines()]
        assert answers == [11.0, 13.0]

    def test_goes_on_after_a_bad_input(self, pelagos: Pelagos, numbers: Path) -> None:
        words = [str(numbers / name) for name in ("bad.txt", "odd/3.txt")]

        ran = pelagos("predict", "counting", *words, "--values", "10", "--json")

        assert ran.code == 1
        assert "bad.txt: could not convert" in ran.err
        assert json.loads(ran.out)["answer"]["total"] == 13.0

    def test_writes_answers_into_a_folder(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        ran = pelagos(
            "predict", "counting", str(numbers / "odd/3.txt"), "--values", "1", "--output", str(tmp_path / "out")
        )

        assert (ran.code, ran.out) == (0, "")
        assert json.loads((tmp_path / "out" / "3.txt.json").read_text())["total"] == 4.0

    def test_refuses_before_any_worker_starts(self, pelagos: Pelagos, numbers: Path) -> None:
        ran = pelagos("predict", "counting", str(numbers), "nowhere.txt", "--scale", "0")

        assert ran.code == 2
        for label in ("INPUT", "nowhere.txt", "--output", "--scale", "--values"):
            assert f"  {label}: " in ran.err

    def test_refuses_to_write_one_answer_over_the_other(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        (tmp_path / "3.txt").write_text("3\n")
        words = [str(tmp_path / "3.txt"), str(numbers / "odd" / "3.txt")]

        ran = pelagos("predict", "counting", *words, "--values", "1", "--output", str(tmp_path / "out"))

        assert ran.code == 2
        assert "several inputs are called the same" in ran.err

    def test_blames_an_unknown_flag_and_not_its_value(self, pelagos: Pelagos) -> None:
        ran = pelagos("predict", "counting", "--vales", "1", "--values", "1")

        assert ran.code == 2
        assert ran.err.splitlines()[1:-1] == ["  --vales: there is no such argument; did you mean --values?"]

    def test_refuses_inputs_that_nothing_takes(self, pelagos: Pelagos) -> None:
        ran = pelagos("predict", "trivial", "photo.jpg")

        assert ran.code == 2
        assert "'photo.jpg' is too much" in ran.err

    def test_uses_the_model_of_a_training(self, pelagos: Pelagos) -> None:
        training = pelagos("train", "counting", "--epochs", "2", "--json").json["uuid"]

        ran = pelagos("predict", "counting", "--values", "1", "--model", training[:8], "--json")

        assert ran.json == {"total": 3.0, "model": training}

    def test_names_the_models_there_are(self, pelagos: Pelagos) -> None:
        training = pelagos("train", "counting", "--epochs", "1", "--json").json["uuid"]

        ran = pelagos("predict", "counting", "--values", "1", "--model", "ffff")

        assert ran.code == 2
        assert f"--model: 'ffff' is none of the trained models; expected one of pretrained, {training}" in ran.err

    def test_lists_the_arguments_of_the_module(self, pelagos: Pelagos) -> None:
        ran = pelagos("predict", "counting", "--help")

        assert ran.code == 0
        assert "what the total is multiplied with [> 0] (default: 1.0)" in " ".join(ran.out.split())


class TestPredictFolder:
    def test_answers_every_file(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        ran = pelagos("predict", "counting", str(numbers), "--output", str(tmp_path / "out"), "--values", "1")

        assert ran.code == 1
        assert "20 done, 0 skipped, 1 failed" in ran.out
        assert json.loads((tmp_path / "out" / "odd" / "7.txt.json").read_text())["total"] == 8.0
        failed = json.loads((tmp_path / "out" / "errors.jsonl").read_text())
        assert (failed["input"], "could not convert" in failed["message"]) == ("bad.txt", True)

    def test_does_only_what_is_missing(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        words = ("predict", "counting", str(numbers), "--output", str(tmp_path / "out"), "--values", "1", "--json")
        pelagos(*words)
        (numbers / "bad.txt").write_text("7\n")

        ran = pelagos(*words)

        assert ran.code == 0
        assert {key: ran.json[key] for key in ("done", "skipped", "failed")} == {"done": 1, "skipped": 20, "failed": 0}

    @pytest.mark.parametrize(
        ("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl+C", "kill -9"]
    )
    def test_can_be_resumed(self, state: Path, pelagos: Pelagos, tmp_path: Path, number: int, code: int) -> None:
        (tmp_path / "in").mkdir()
        for index in range(MANY):
            (tmp_path / "in" / f"{index}.txt").write_text("1\n")
        words = ["predict", "counting", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--values", "1"]
        with subprocess.Popen([sys.executable, "-m", "pelagos.cli", *words], stderr=subprocess.PIPE) as process:
            waiting.until(lambda: (tmp_path / "out").exists() and len(list((tmp_path / "out").iterdir())) > 20)
            process.send_signal(number)
            _, said = process.communicate(timeout=WAIT_S)

        ran = pelagos(*words, "--json")

        assert process.returncode == code
        assert (b"goes on where this one ended" in said) == (number == signal.SIGINT)
        assert (ran.code, ran.json["failed"]) == (0, 0)
        assert ran.json["done"] + ran.json["skipped"] == MANY
        assert 20 <= ran.json["skipped"] < MANY

    def test_refuses_to_go_on_in_another_way(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        words = ("predict", "counting", str(numbers), "--output", str(tmp_path / "out"))
        pelagos(*words, "--values", "1")
        training = pelagos("train", "counting", "--json").json["uuid"]

        ran = pelagos(*words, "--values", "2", "--model", training[:8])

        assert ran.code == 2
        made = f"the answers in '{tmp_path / 'out'}' were made with"
        assert ran.err.splitlines()[1:-1] == [
            f'  --model: is "{training}"; {made} "pretrained"',
            f"  --values: is [2.0]; {made} [1.0]",
        ]
        assert json.loads((tmp_path / "out" / "odd" / "7.txt.json").read_text())["total"] == 8.0

    def test_takes_a_default_that_is_typed_for_the_same(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        words = ("predict", "counting", str(numbers), "--output", str(tmp_path / "out"), "--values", "1", "--json")
        pelagos(*words)

        assert pelagos(*words, "--scale", "1", "--model", "pretrained").json["skipped"] == 20

    def test_goes_on_with_a_new_beginning_that_was_ended(self, pelagos: Pelagos, numbers: Path, tmp_path: Path) -> None:
        (numbers / "bad.txt").unlink()
        words = ("predict", "counting", str(numbers), "--output", str(tmp_path / "out"), "--json")
        pelagos(*words, "--values", "1")
        pelagos(*words, "--values", "2", "--force")
        old = tmp_path / "out" / "odd" / "7.txt.json"
        os.utime(old, (1, 1))  # As if that run had not come to it.

        ran = pelagos(*words, "--values", "2")

        assert (ran.code, ran.json["done"], ran.json["skipped"]) == (0, 1, 19)
        assert json.loads(old.read_text())["total"] == 9.0

    def test_counts_on_a_terminal(self, state: Path, numbers: Path, tmp_path: Path) -> None:
        terminal = Terminal("predict", "counting", str(numbers), "--output", str(tmp_path / "out"), "--values", "1")

        terminal.read_until("errors.jsonl")

        assert terminal.end() == 1
        assert "21/21" in terminal.seen
        assert "20 done, 0 skipped, 1 failed" in terminal.seen
