"""The network as ONNX graphs, against the same network in torch."""

import numpy
import onnxruntime
import pytest

from pelagos_image_classification import network, onnx_graph, weights


def pictures(size: int, count: int = 2) -> numpy.ndarray:
    return numpy.random.default_rng(0).integers(0, 255, (count, size, size, 3), numpy.uint8)


class TestTheFeatureGraph:
    @pytest.mark.parametrize("size", [224, 97])
    def test_answers_as_torch_does_from_raw_pixels_on(self, size: int) -> None:
        torch = pytest.importorskip("torch", reason="torch is an extra")
        torch_network = pytest.importorskip("pelagos_image_classification.torch_network")
        folded, seen = weights.pretrained(), pictures(size)
        colours = onnx_graph.Colours((90.0, 100.0, 110.0), (40.0, 50.0, 60.0))

        for given in (None, colours):
            session = onnxruntime.InferenceSession(onnx_graph.features(folded, size, given))
            features = session.run([onnx_graph.FEATURES], {onnx_graph.INPUT: seen})[0]

            with torch.inference_mode():
                values = torch_network.normalised(torch.from_numpy(seen), given)
                theirs = torch_network.Network(folded, first=0).eval().body(values).mean((2, 3)).numpy()
            assert numpy.abs(features - theirs).max() < 2e-3

    def test_gives_the_activations_that_enter_the_tail(self) -> None:
        torch = pytest.importorskip("torch", reason="torch is an extra")
        torch_network = pytest.importorskip("pelagos_image_classification.torch_network")
        folded = weights.pretrained()
        session = onnxruntime.InferenceSession(onnx_graph.features(folded, 224))

        features, activations = session.run(
            [onnx_graph.FEATURES, onnx_graph.ACTIVATIONS], {onnx_graph.INPUT: pictures(224)}
        )

        assert activations.shape == (2, 112, 14, 14)
        assert activations.dtype == numpy.float16
        with torch.inference_mode():
            tail = torch_network.Network(folded, first=network.TAIL).eval()
            made = tail.body(torch.from_numpy(activations).float()).mean((2, 3)).numpy()
        assert numpy.abs(made - features).max() < 0.02

    def test_leaves_pictures_alone_whose_colours_are_the_usual_ones(self) -> None:
        folded, seen = weights.pretrained(), pictures(64)
        usual = onnx_graph.Colours(tuple(onnx_graph.USUAL_MEAN), tuple(onnx_graph.USUAL_STD))

        plain, same = (
            onnxruntime.InferenceSession(onnx_graph.features(folded, 64, colours)).run(
                [onnx_graph.FEATURES], {onnx_graph.INPUT: seen}
            )[0]
            for colours in (None, usual)
        )

        assert numpy.abs(plain - same).max() < 1e-4


class TestTheClassifierGraph:
    def test_divides_the_scores_by_the_temperature(self) -> None:
        folded, seen = weights.pretrained(), pictures(64)

        sharp, soft = (
            onnxruntime.InferenceSession(onnx_graph.classifier(folded, 64, temperature=temperature)).run(
                None, {onnx_graph.INPUT: seen}
            )[0]
            for temperature in (1.0, 2.0)
        )

        expected = numpy.sqrt(sharp) / numpy.sqrt(sharp).sum(1, keepdims=True)
        assert numpy.abs(soft - expected).max() < 1e-4
