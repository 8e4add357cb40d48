"""Opening graphs fast, also when several workers open the first one together."""

import multiprocessing
import os
from pathlib import Path

import numpy
import onnxruntime
import pytest

from builders import write
from pelagos_image_classification import sessions


def opened(answers: "multiprocessing.Queue[float]") -> None:
    pictures = numpy.zeros((1, 224, 224, 3), numpy.uint8)
    answers.put(float(sessions.probabilities(sessions.pretrained(), pictures).max()))


class TestTheFirstUse:
    def test_may_happen_in_several_processes_at_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_CACHE", str(tmp_path))
        context = multiprocessing.get_context("spawn")
        answers = context.Queue()
        workers = [context.Process(target=opened, args=(answers,)) for _ in range(3)]

        for worker in workers:
            worker.start()
        found = [answers.get(timeout=60) for _ in workers]
        for worker in workers:
            worker.join(60)

        assert len(set(found)) == 1
        kept = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
        assert len(kept) == 2
        assert all(name.startswith("pretrained-224") for name in kept)


class TestTheOptimisedGraph:
    def test_answers_as_the_graph_it_was_made_from(self) -> None:
        pictures = numpy.random.default_rng(0).integers(0, 255, (2, 224, 224, 3), numpy.uint8)
        sessions.pretrained()
        graph = sessions.kept("pretrained-224", lambda: pytest.fail("written again"))

        optimised = sessions.probabilities(sessions.pretrained(), pictures)
        plain = sessions.probabilities(onnxruntime.InferenceSession(graph), pictures)

        assert numpy.abs(optimised - plain).max() < 1e-5

    def test_is_removed_when_many_newer_ones_are_there(self, tmp_path: Path) -> None:
        for number in range(40):
            os.utime(write(tmp_path / f"{number}.onnx", b""), (number, number))

        sessions._prune(tmp_path)

        assert {path.name for path in tmp_path.iterdir()} == {f"{number}.onnx" for number in range(8, 40)}

    def test_keeps_to_the_thread_budget(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PELAGOS_THREADS", "1")
        monkeypatch.setenv("PELAGOS_SPIN", "0")

        options = sessions.pretrained().get_session_options()

        assert options.intra_op_num_threads == 1
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
