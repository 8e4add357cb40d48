"""Writes ONNX files: the few message types of onnx.proto that a network of convolutions needs.

The `onnx` package would do it too, but for 30 MB of disk and 0.3 s of import in every environment that only predicts.
Field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto (IR version 8, operator set 17).
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy

Array = numpy.ndarray[Any, numpy.dtype[Any]]
Attribute = int | float | Sequence[int]
Shape = Sequence[int | str]

OPSET = 17
_IR_VERSION = 8
_TYPES = {"float32": 1, "uint8": 2, "int32": 6, "int64": 7, "float16": 10}


def node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Attribute) -> bytes:
    """Give a NodeProto: one operator."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            *(_text(2, name) for name in outputs),
            _text(3, outputs[0]),
            _text(4, kind),
            *(_message(5, _attribute(name, value)) for name, value in attributes.items()),
        ]
    )


def tensor(name: str, values: Array) -> bytes:
    """Give a TensorProto: a constant."""
    dims = b"".join(_number(1, length) for length in values.shape)
    content = numpy.ascontiguousarray(values).tobytes()
    return dims + _number(2, _TYPES[values.dtype.name]) + _text(8, name) + _message(9, content)


def value(name: str, dtype: str, shape: Shape) -> bytes:
    """Give a ValueInfoProto: an input or output; a dimension that is a word is free."""
    dims = [_text(2, length) if isinstance(length, str) else _number(1, length) for length in shape]
    tensor_type = _number(1, _TYPES[dtype]) + _message(2, b"".join(_message(1, dim) for dim in dims))
    return _text(1, name) + _message(2, _message(1, tensor_type))


def model(
    *,
    nodes: Sequence[bytes],
    constants: Sequence[bytes],
    inputs: Sequence[bytes],
    outputs: Sequence[bytes],
    notes: Mapping[str, str],
) -> bytes:
    """Give the ModelProto, which is the content of an `.onnx` file; `notes` are shown by viewers."""
    graph = b"".join(
        [
            *(_message(1, part) for part in nodes),
            _text(2, "pelagos"),
            *(_message(5, part) for part in constants),
            *(_message(11, part) for part in inputs),
            *(_message(12, part) for part in outputs),
        ]
    )
    return b"".join(
        [
            _number(1, _IR_VERSION),
            _text(2, "pelagos-image-classification"),
            _message(7, graph),
            _message(8, _number(2, OPSET)),
            *(_message(14, _text(1, key) + _text(2, text)) for key, text in notes.items()),
        ]
    )


def dtype_number(name: str) -> int:
    """Give ONNX's number of an element type, as `Cast` wants it."""
    return _TYPES[name]


def _attribute(name: str, given: Attribute) -> bytes:
    if isinstance(given, int):
        return _text(1, name) + _number(3, given) + _number(20, 2)
    if isinstance(given, float):
        return _text(1, name) + _varint(2 << 3 | 5) + struct.pack("<f", given) + _number(20, 1)
    return _text(1, name) + b"".join(_number(8, item) for item in given) + _number(20, 7)


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
