"""The network, or its tail, as a torch module built from the same table as the ONNX graph; batch norms folded."""

import numpy
import torch
from torch import nn
from torch.nn import functional

from pelagos_image_classification import network, onnx_graph
from pelagos_image_classification.weights import Folded

_DROPOUT = 0.2


class Convolution(nn.Module):
    """A convolution with its bias (the folded batch norm) and, mostly, ReLU6."""

    def __init__(self, conv: network.Conv, weights: Folded) -> None:
        super().__init__()
        weight, bias = weights[conv.name]
        self.table = conv
        self.weight = nn.Parameter(torch.from_numpy(numpy.array(weight)).contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(torch.from_numpy(numpy.array(bias)))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Convolve."""
        before, after = self.table.padding(values.shape[-1])
        if before != after:
            values, before = functional.pad(values, (before, after, before, after)), 0
        made = functional.conv2d(values, self.weight, self.bias, self.table.stride, before, 1, self.table.groups)
        return functional.relu6(made, inplace=True) if self.table.relu6 else made


class Residual(nn.Module):
    """One block of the table."""

    def __init__(self, block: network.Block, weights: Folded) -> None:
        super().__init__()
        self.convs = nn.Sequential(*(Convolution(conv, weights) for conv in block.convs))
        self.residual = block.residual

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Expand, convolve, project, add."""
        made: torch.Tensor = self.convs(values)
        return made + values if self.residual else made


class Network(nn.Module):
    """From activations (`first` > 0) or normalised pictures (`first` = 0) to scores."""

    def __init__(self, weights: Folded, first: int) -> None:
        super().__init__()
        stem = [Convolution(network.STEM, weights)] if first == 0 else []
        blocks = [Residual(block, weights) for block in network.BLOCKS[first:]]
        self.body = nn.Sequential(*stem, *blocks, Convolution(network.HEAD, weights))
        weight, bias = (torch.from_numpy(numpy.array(part)) for part in weights["_fc"])
        self.head = nn.Linear(weight.shape[1], weight.shape[0])
        self.head.weight, self.head.bias = nn.Parameter(weight), nn.Parameter(bias)

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Give the scores."""
        features = self.body(values).mean((2, 3))
        scores: torch.Tensor = self.head(functional.dropout(features, _DROPOUT, self.training))
        return scores

    def weights(self) -> Folded:
        """Give the weights as NumPy arrays, as the ONNX writer takes them."""
        convs = [part for part in self.modules() if isinstance(part, Convolution)]
        made = {part.table.name: (_array(part.weight), _array(part.bias)) for part in convs}
        return {**made, "_fc": (_array(self.head.weight), _array(self.head.bias))}


def normalised(pictures: torch.Tensor, colours: onnx_graph.Colours | None) -> torch.Tensor:
    """Bring pictures (uint8, channels last) to what the stem takes."""
    values = pictures.permute(0, 3, 1, 2).float()
    if colours is not None:
        scale = torch.from_numpy(onnx_graph.USUAL_STD) / torch.tensor(colours.std)
        shift = torch.from_numpy(onnx_graph.USUAL_MEAN) - torch.tensor(colours.mean) * scale
        values = values * scale.to(values.device).view(1, 3, 1, 1) + shift.to(values.device).view(1, 3, 1, 1)
    return values.sub_(onnx_graph.GREY).div_(onnx_graph.SPREAD)


def _array(parameter: torch.Tensor) -> numpy.ndarray[tuple[int, ...], numpy.dtype[numpy.float32]]:
    return parameter.detach().cpu().contiguous().numpy().copy()
