"""What is packed is read forwards, in little memory."""

from __future__ import annotations

import io
import lzma
import os
import zlib
from pathlib import Path

import pytest

from pelagos.domain import errors
from pelagos.storage import packed

DICTIONARY_OF_4_GB = 40
"""Of an .xz block, by https://tukaani.org/xz/xz-file-format.txt, section 5.3.1."""


def forward(data: bytes) -> packed.Forward:
    """Read bytes forwards; nothing is checked."""
    return packed.Forward(io.BytesIO(data), lambda _: None)


class TestXz:
    def test_reads_several_streams_with_padding_between(self, tmp_path: Path) -> None:
        parts = [os.urandom(700_000), b"", b"end" * 100_000]
        (tmp_path / "a.xz").write_bytes(b"\0\0\0\0".join(map(lzma.compress, parts)))

        with packed.opened(tmp_path / "a.xz") as source:
            assert b"".join(iter(lambda: source.read(100_000), b"")) == b"".join(parts)

    def test_does_not_take_the_memory_that_a_file_asks_for(self, tmp_path: Path) -> None:
        data = bytearray(lzma.compress(b"x" * 1000))
        data[16] = DICTIONARY_OF_4_GB
        data[20:24] = zlib.crc32(data[12:20]).to_bytes(4, "little")
        (tmp_path / "a.xz").write_bytes(data)

        with packed.opened(tmp_path / "a.xz") as source, pytest.raises(lzma.LZMAError, match="Memory usage limit"):
            source.read(1000)


class TestForward:
    def test_goes_on_and_back_by_one_byte(self) -> None:
        source = forward(b"0123456789")

        assert source.read(3) == b"012"
        assert source.seek(2) == 2
        assert source.read(3) == b"234"
        assert source.seek(8) == source.tell() == 8
        assert source.read(5) == b"89"

    def test_does_not_go_further_back(self) -> None:
        source = forward(b"0123456789")
        source.read(5)

        with pytest.raises(errors.InvalidInput, match="said to lie before another"):
            source.seek(3)

    def test_ends_where_the_file_ends(self) -> None:
        source = forward(b"0123")

        assert source.seek(100) == 4
        assert source.read(1) == b""

    def test_tells_how_far_it_came_whatever_is_kept(self) -> None:
        seen: list[int] = []
        source = packed.Forward(io.BytesIO(bytes(1_000_000)), seen.append)

        source.seek(900_000)
        source.finish()

        assert max(seen) == 1_000_000

    def test_keeps_no_large_head(self) -> None:
        source = forward(bytes(4 << 20))
        source.begin_head()
        source.read(packed.LARGEST_HEAD)

        with pytest.raises(errors.TooLarge):
            source.read(1)
        source.begin_content()
        assert len(source.read(2 << 20)) == 2 << 20
