"""Event files, read back by TensorBoard itself."""

from __future__ import annotations

import os
import struct
import time
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


class TestWritten:
    def test_finds_what_was_begun_in_a_time(self, tmp_path: Path) -> None:
        for begun in (99.9, 100.1, 150, 200.1):
            events_in(tmp_path / str(begun) / "logs" / "train", begun)

        found = tensorboard.written(tmp_path, 100, 200)

        assert [path.parts[-4] for path in found] == ["150", "100.1"]

    def test_leaves_out_what_was_not_touched_since(self, tmp_path: Path) -> None:
        path = events_in(tmp_path, 150)
        os.utime(path, (99, 99))

        assert tensorboard.written(tmp_path, 100) == []

    def test_finds_what_our_own_writer_wrote(self, tmp_path: Path) -> None:
        before = time.time()
        tensorboard.EventWriter(tmp_path / "logs")

        assert [path.parent.name for path in tensorboard.written(tmp_path, before - 1, time.time())] == ["logs"]

    @pytest.mark.parametrize(
        ("name", "content"), [("notes.txt", None), ("a.tfevents.1", b""), ("a.tfevents.1", b"x" * 30)]
    )
    def test_takes_no_other_file(self, tmp_path: Path, name: str, content: bytes | None) -> None:
        path = events_in(tmp_path, 100).rename(tmp_path / name)
        if content is not None:
            path.write_bytes(content)

        assert tensorboard.written(tmp_path, 0) == []

    def test_takes_no_link_that_leads_nowhere(self, tmp_path: Path) -> None:
        (tmp_path / "a.tfevents.1").symlink_to(tmp_path / "removed")

        assert tensorboard.written(tmp_path, 0) == []

    def test_finds_nothing_where_there_is_no_folder(self, tmp_path: Path) -> None:
        assert tensorboard.written(tmp_path / "models", 0) == []

    def test_does_not_go_deep(self, tmp_path: Path) -> None:
        events_in(tmp_path / "1" / "2" / "3" / "4" / "5", 100)

        assert tensorboard.written(tmp_path, 0) == []

    def test_looks_into_many_folders_only_in_part_the_newest_names_first(self, tmp_path: Path) -> None:
        for number in range(2100):
            (tmp_path / f"{number:04d}").mkdir()
        newest, oldest = events_in(tmp_path / "2099", 100), events_in(tmp_path / "0000", 100)

        found = tensorboard.written(tmp_path, 0)

        assert (newest in found, oldest in found) == (True, False)


def events_in(folder: Path, begun: float) -> Path:
    """Leave an event file as TensorFlow begins it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{int(begun)}.host.17.0.v2"
    path.write_bytes(bytes(12) + b"\x09" + struct.pack("<d", begun) + b"\x1a\x0dbrain.Event:2" + bytes(4))
    return path


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
