"""Event files, read back by TensorBoard itself."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelagos.module import tensorboard


class TestCrc32c:
    @pytest.mark.parametrize(
        ("data", "checksum"),
        [
            (b"", 0),
            (b"123456789", 0xE3069283),
            # RFC 3720, appendix B.4.
            (bytes(32), 0x8A9136AA),
            (b"\xff" * 32, 0x62A8AB43),
            (bytes(range(32)), 0x46DD794E),
        ],
    )
    def test_agrees_with_the_published_examples(self, data: bytes, checksum: int) -> None:
        assert tensorboard.crc32c(data) == checksum


class TestEventWriter:
    def test_writes_what_tensorboard_reads(self, tmp_path: Path) -> None:
        reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
        writer = tensorboard.EventWriter(tmp_path)
        writer.scalars(0, {"loss": 1.5, "accuracy": 0.25}, 1000.5)
        writer.scalars(300, {"loss": 0.5}, 1001.5)

        read = reader.EventAccumulator(str(tmp_path)).Reload()

        assert sorted(read.Tags()["scalars"]) == ["accuracy", "loss"]
        assert [(event.wall_time, event.step, event.value) for event in read.Scalars("loss")] == [
            (1000.5, 0, 1.5),
            (1001.5, 300, 0.5),
        ]

    def test_writes_whole_records_with_true_checksums(self, tmp_path: Path) -> None:
        writer = tensorboard.EventWriter(tmp_path)

        writer.scalars(7, {"loss": 1.5}, 1000.5)

        (path,) = tmp_path.iterdir()
        first, second = records(path.read_bytes())
        assert b"brain.Event:2" in first
        assert b"loss" in second
        assert struct.pack("<f", 1.5) in second

    def test_writes_negative_steps_as_the_wire_format_has_them(self, tmp_path: Path) -> None:
        reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
        writer = tensorboard.EventWriter(tmp_path)

        writer.scalars(-1, {"loss": 1.5}, 1000.5)

        assert reader.EventAccumulator(str(tmp_path)).Reload().Scalars("loss")[0].step == -1

    def test_writes_nothing_for_no_values(self, tmp_path: Path) -> None:
        writer = tensorboard.EventWriter(tmp_path)

        writer.scalars(1, {}, 1000.5)

        (path,) = tmp_path.iterdir()
        assert len(list(records(path.read_bytes()))) == 1


def records(content: bytes) -> Iterator[bytes]:
    """Take an event file apart, checking its checksums as its readers do."""
    while content:
        (length,) = struct.unpack_from("<Q", content)
        data = content[12 : 12 + length]
        assert content[8:12] == masked(content[:8])
        assert content[12 + length : 16 + length] == masked(data)
        yield data
        content = content[16 + length :]


def masked(data: bytes) -> bytes:
    """Give the checksum of `data` as event files have it."""
    crc = tensorboard.crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) % 2**32)
