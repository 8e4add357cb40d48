"""Write TensorBoard event files without TensorBoard, and find those that a module wrote itself.

The format: records of length, masked CRC-32C of the length, data, masked CRC-32C of the data (tensorflow/core/lib/io/
record_writer.h); the data is the protocol buffer `Event` (tensorflow/core/util/event.proto) in its wire encoding
(https://protobuf.dev/programming-guides/encoding).
"""

from __future__ import annotations

import math
import os
import pathlib
import shutil
import struct
import time
from typing import Dict, List, Mapping, Union

_POLYNOMIAL = 0x82F63B78
_DOUBLE, _VARINT, _BYTES, _FLOAT = 1, 0, 2, 5
"""Wire types."""
_DEPTH, _LOOKS = 4, 2000
"""How deep, and into how many folders, a search looks."""


class EventWriter:
    """Appends scalars to one event file of a folder."""

    def __init__(self, folder: Union[str, os.PathLike[str]]) -> None:
        place = pathlib.Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        now = time.time()
        # TensorBoard takes every file with this word in its name and reads them in the order of the names.
        self._path = place / f"events.out.tfevents.{int(now):010d}.{os.uname().nodename}.{os.getpid()}"
        self._write(_event(now, 0) + _field(3, b"brain.Event:2"))

    def scalars(self, step: int, values: Mapping[str, float], now: float) -> None:
        """Write the values of one step, taken at `now` (seconds since 1970), as one event."""
        summary = b"".join(
            _field(1, _field(1, tag.encode()) + _key(2, _FLOAT) + struct.pack("<f", value))
            for tag, value in values.items()
        )
        if summary:
            self._write(_event(now, step) + _field(5, summary))

    def _write(self, data: bytes) -> None:
        length = struct.pack("<Q", len(data))
        # Opened for each record: the author's code may fork, and need not close anything.
        with self._path.open("ab") as target:
            target.write(length + _masked_crc(length) + data + _masked_crc(data))


def written(models: pathlib.Path, since: float, until: float = math.inf) -> List[pathlib.Path]:
    """List the event files of the models in a folder that were begun in a time (seconds since 1970).

    The search is bounded and looks at the newest names first: those of models are dates.
    """
    found: List[pathlib.Path] = []
    for looks, (folder, below, files) in enumerate(os.walk(str(models))):
        if looks >= _LOOKS:
            break
        deep = len(pathlib.Path(folder).relative_to(models).parts)
        below[:] = [] if deep >= _DEPTH else sorted(below, reverse=True)
        paths = [pathlib.Path(folder, name) for name in sorted(files) if "tfevents" in name]
        found += [path for path in paths if since <= _begun(path, since) <= until]
    return found


def keep(models: pathlib.Path, folder: pathlib.Path, since: float) -> None:
    """Copy the event files that were begun since into another folder, under the names of their models."""
    for path in written(models, since):
        target = folder / path.relative_to(models)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(path), str(target))


def crc32c(data: bytes) -> int:
    """Compute the Castagnoli checksum (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


def _begun(path: pathlib.Path, since: float) -> float:
    """Read when a file was begun: an event begins with its time. Before all times, for a file left alone since."""
    start = b""
    try:
        if path.is_file() and path.stat().st_mtime >= since:
            with path.open("rb") as source:
                start = source.read(21)[12:]
    except OSError:
        pass  # A module may remove its models at any time.
    found: float = struct.unpack("<d", start[1:])[0] if start[:1] == _key(1, _DOUBLE) and len(start) == 9 else -math.inf
    return found


def _masked_crc(data: bytes) -> bytes:
    crc = crc32c(data)
    return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)


def _event(now: float, step: int) -> bytes:
    return _key(1, _DOUBLE) + struct.pack("<d", now) + _key(2, _VARINT) + _varint(step)


def _field(number: int, data: bytes) -> bytes:
    return _key(number, _BYTES) + _varint(len(data)) + data


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    value &= 0xFFFFFFFFFFFFFFFF  # A negative int64 is sent as its two's complement.
    pieces: List[int] = []
    while value > 0x7F:
        pieces.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*pieces, value])


def _table() -> Dict[int, int]:
    table = {}
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        table[byte] = crc
    return table


_TABLE = _table()
