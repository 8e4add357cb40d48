"""The network in torch; that it computes what the ONNX graph does is tested with the graph."""

import numpy
import pytest

from pelagos_image_classification import network, onnx_graph, weights

torch = pytest.importorskip("torch", reason="torch is an extra")
torch_network = pytest.importorskip("pelagos_image_classification.torch_network")


class TestTheTorchNetwork:
    def test_gives_back_the_weights_it_was_made_of(self) -> None:
        folded = weights.pretrained()

        given = torch_network.Network(folded, first=0).weights()

        assert given.keys() == folded.keys()
        assert all(numpy.array_equal(given[name][part], folded[name][part]) for name in folded for part in (0, 1))

    def test_of_the_tail_holds_only_what_is_trained(self) -> None:
        names = torch_network.Network(weights.pretrained(), first=network.TAIL).weights().keys()

        assert not any(name.startswith(f"_blocks.{network.TAIL - 1}.") for name in names)
        assert {"_conv_head", "_fc", f"_blocks.{network.TAIL}._expand_conv"} <= names

    def test_gives_every_weight_a_slope(self) -> None:
        model = torch_network.Network(weights.pretrained(), first=network.TAIL)

        model(torch.rand(2, 112, 4, 4)).sum().backward()

        assert all(parameter.grad is not None for parameter in model.parameters())


class TestNormalising:
    def test_makes_grey_zero_and_leaves_the_pictures_alone(self) -> None:
        pictures = torch.full((1, 8, 8, 3), int(onnx_graph.GREY), dtype=torch.uint8)

        values = torch_network.normalised(pictures, None)

        assert values.shape == (1, 3, 8, 8)
        assert values.abs().max() == 0
        assert pictures.min() == onnx_graph.GREY
