"""EfficientNet-Lite0 as data: the one table from which the ONNX graph and the torch network are built.

The architecture is the published one (Tan and Le, EfficientNet, 2019; the "lite" variants: no squeeze and excitation,
ReLU6, stem and head of fixed width). Convolutions pad as TensorFlow's SAME does: the odd pixel goes right and below.
"""

from collections.abc import Iterator
from dataclasses import dataclass

# (expansion, kernel, stride, output channels, repeats) of the seven stages.
_STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)

FEATURES = 1280
"""Width of the pooled features that a head is trained on."""
CLASSES = 1000
"""Classes of the pretrained head."""
TAIL = 11
"""The first block of the tail, which rung 2 trains on cached activations; most of the weights are behind it."""
EPSILON = 1e-3
"""Of the batch normalisations, as the weights were trained."""


@dataclass(frozen=True)
class Conv:
    """One convolution with the batch normalisation behind it."""

    name: str
    norm: str
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    groups: int = 1
    relu6: bool = True

    def padding(self, size: int) -> tuple[int, int]:
        """Give the pixels to add before and after a side of `size`, as SAME does."""
        total = max((-(-size // self.stride) - 1) * self.stride + self.kernel - size, 0)
        return total // 2, total - total // 2


@dataclass(frozen=True)
class Block:
    """An inverted residual: expand, depthwise, project; the input is added where the shapes allow it."""

    convs: tuple[Conv, ...]
    residual: bool

    @property
    def inputs(self) -> int:
        """Channels that come in."""
        return self.convs[0].inputs


def _blocks() -> Iterator[Block]:
    number, inputs = 0, 32
    for expansion, kernel, first_stride, outputs, repeats in _STAGES:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            yield _block(f"_blocks.{number}", expansion, kernel, stride, inputs, outputs)
            number, inputs = number + 1, outputs


def _block(name: str, expansion: int, kernel: int, stride: int, inputs: int, outputs: int) -> Block:
    width = inputs * expansion
    expand = [Conv(f"{name}._expand_conv", f"{name}._bn0", inputs, width)] if expansion > 1 else []
    depthwise = Conv(f"{name}._depthwise_conv", f"{name}._bn1", width, width, kernel, stride, groups=width)
    project = Conv(f"{name}._project_conv", f"{name}._bn2", width, outputs, relu6=False)
    return Block((*expand, depthwise, project), residual=stride == 1 and inputs == outputs)


STEM = Conv("_conv_stem", "_bn0", 3, 32, kernel=3, stride=2)
BLOCKS = tuple(_blocks())
HEAD = Conv("_conv_head", "_bn1", 320, FEATURES)
CONVS = (STEM, *(conv for block in BLOCKS for conv in block.convs), HEAD)


def side(image_size: int, block: int) -> int:
    """Tell the side of the activations that enter `block` for square pictures of `image_size`."""
    size = -(-image_size // STEM.stride)
    for earlier in BLOCKS[:block]:
        for conv in earlier.convs:
            size = -(-size // conv.stride)
    return size
