"""The network as ONNX graphs: one that gives features and activations, one that classifies pictures to the end.

Pictures go in as they were decoded (uint8, height by width by RGB); casting, padding and normalising are in the graph.
Normalisation is folded into the stem, exactly: the graph pads with the grey that becomes zero, the stem pads nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy

from pelagos_image_classification import network, onnx_writer
from pelagos_image_classification.weights import Floats, Folded

VERSION = 1
"""To be raised when the graphs change, for they are kept in a cache."""
GREY, SPREAD = 127.0, 128.0
"""The weights were trained on (x - 127) / 128."""
INPUT = "pictures"
FEATURES, ACTIVATIONS, PROBABILITIES = "features", "activations", "probabilities"
USUAL_MEAN = numpy.array([123.675, 116.28, 103.53], numpy.float32)
USUAL_STD = numpy.array([58.395, 57.12, 57.375], numpy.float32)
"""Colour statistics (RGB, 0 to 255) of the pictures the weights were trained on, as usually quoted for ImageNet."""


@dataclass(frozen=True)
class Colours:
    """Mean and standard deviation (RGB, 0 to 255) of a data set, to be brought to those the weights know."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass
class _Graph:
    """A graph as it grows."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def add(self, kind: str, *inputs: str, out: str, **attributes: onnx_writer.Attribute) -> str:
        self.nodes.append(onnx_writer.node(kind, inputs, [out], **attributes))
        return out

    def constant(self, name: str, values: onnx_writer.Array) -> str:
        self.constants.append(onnx_writer.tensor(name, values))
        return name


def features(weights: Folded, image_size: int, colours: Colours | None = None) -> bytes:
    """Write the graph pictures -> pooled features (float32), and the activations that enter the tail (float16)."""
    graph = _Graph()
    entering = _trunk(graph, weights, image_size, colours)
    graph.add("Cast", entering, out=ACTIVATIONS, to=onnx_writer.dtype_number("float16"))
    _tail(graph, weights, entering, image_size)
    size = network.side(image_size, network.TAIL)
    channels = network.BLOCKS[network.TAIL].inputs
    outputs = [
        onnx_writer.value(FEATURES, "float32", ["n", network.FEATURES]),
        onnx_writer.value(ACTIVATIONS, "float16", ["n", channels, size, size]),
    ]
    return _model(graph, image_size, outputs, {})


def classifier(
    weights: Folded,
    image_size: int,
    *,
    temperature: float = 1.0,
    colours: Colours | None = None,
    notes: Mapping[str, str] | None = None,
) -> bytes:
    """Write the graph pictures -> probabilities; the head `weights["_fc"]` is divided by the temperature."""
    graph = _Graph()
    _tail(graph, weights, _trunk(graph, weights, image_size, colours), image_size)
    weight, bias = (numpy.asarray(part / temperature, numpy.float32) for part in weights["_fc"])
    head, offset = graph.constant("head.weight", weight), graph.constant("head.bias", bias)
    scores = graph.add("Gemm", FEATURES, head, offset, out="scores", transB=1)
    graph.add("Softmax", scores, out=PROBABILITIES, axis=1)
    outputs = [onnx_writer.value(PROBABILITIES, "float32", ["n", len(bias)])]
    return _model(graph, image_size, outputs, notes or {})


def _model(graph: _Graph, image_size: int, outputs: list[bytes], notes: Mapping[str, str]) -> bytes:
    pictures = onnx_writer.value(INPUT, "uint8", ["n", image_size, image_size, 3])
    return onnx_writer.model(
        nodes=graph.nodes, constants=graph.constants, inputs=[pictures], outputs=outputs, notes=notes
    )


def _trunk(graph: _Graph, weights: Folded, image_size: int, colours: Colours | None) -> str:
    planes = graph.add("Transpose", INPUT, out="planes", perm=[0, 3, 1, 2])
    values = graph.add("Cast", planes, out="values", to=onnx_writer.dtype_number("float32"))
    before, after = network.STEM.padding(image_size)
    pads = graph.constant("pads", numpy.array([0, 0, before, before, 0, 0, after, after], numpy.int64))
    grey = graph.constant("grey", numpy.array(GREY, numpy.float32))
    padded = graph.add("Pad", _recoloured(graph, values, colours), pads, grey, out="padded")
    name = _conv(graph, network.STEM, _stem(weights), padded, (0, 0))
    return _chain(graph, weights, name, range(network.TAIL), image_size)


def _tail(graph: _Graph, weights: Folded, entering: str, image_size: int) -> None:
    name = _chain(graph, weights, entering, range(network.TAIL, len(network.BLOCKS)), image_size)
    name = _conv(graph, network.HEAD, weights[network.HEAD.name], name, (0, 0))
    graph.add("Flatten", graph.add("GlobalAveragePool", name, out="pooled"), out=FEATURES, axis=1)


def _recoloured(graph: _Graph, name: str, colours: Colours | None) -> str:
    if colours is None:
        return name
    scale = USUAL_STD / numpy.array(colours.std, numpy.float32)
    shift = USUAL_MEAN - numpy.array(colours.mean, numpy.float32) * scale
    scaled = graph.add("Mul", name, graph.constant("colour.scale", scale.reshape(1, 3, 1, 1)), out="scaled")
    return graph.add("Add", scaled, graph.constant("colour.shift", shift.reshape(1, 3, 1, 1)), out="recoloured")


def _stem(weights: Folded) -> tuple[Floats, Floats]:
    weight, bias = weights[network.STEM.name]
    return weight / SPREAD, bias - weight.sum((1, 2, 3)) * (GREY / SPREAD)


def _chain(graph: _Graph, weights: Folded, name: str, numbers: range, image_size: int) -> str:
    for number in numbers:
        block, entering = network.BLOCKS[number], name
        size = network.side(image_size, number)
        for conv in block.convs:
            name = _conv(graph, conv, weights[conv.name], name, conv.padding(size))
        if block.residual:
            name = graph.add("Add", name, entering, out=f"_blocks.{number}.sum")
    return name


def _conv(
    graph: _Graph, conv: network.Conv, weight_bias: tuple[Floats, Floats], name: str, padding: tuple[int, int]
) -> str:
    weight = graph.constant(f"{conv.name}.weight", weight_bias[0].astype(numpy.float32))
    bias = graph.constant(f"{conv.name}.bias", weight_bias[1].astype(numpy.float32))
    before, after = padding
    made = graph.add(
        "Conv", name, weight, bias, out=f"{conv.name}.out", kernel_shape=[conv.kernel] * 2, strides=[conv.stride] * 2,
        group=conv.groups, pads=[before, before, after, after],
    )  # fmt: skip
    return _relu6(graph, conv.name, made) if conv.relu6 else made


def _relu6(graph: _Graph, name: str, entering: str) -> str:
    low, high = (
        graph.constant(f"{name}.{bound}", numpy.array(number, numpy.float32))
        for bound, number in (("low", 0), ("high", 6))
    )
    return graph.add("Clip", entering, low, high, out=f"{name}.relu6")
