"""Read what is packed, forwards only and in little memory: a hostile archive shall cost no more than a good one."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from pelagos.domain import errors

XZ_MEMORY = 256 << 20
"""What the strongest level of `xz` needs is a third of it."""
CHUNK = 1 << 18
LARGEST_HEAD = 1 << 20
"""Of the description of one file in an archive."""


class Xz(io.RawIOBase):
    """An .xz file, unpacked. Unlike `lzma.LZMAFile` it does not take the memory that the file asks for."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source
        self._unpacker = self._new()
        self._began = False

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack some bytes; 0 at the end. Raises EOFError where it was cut off."""
        while True:
            if self._unpacker.eof and not self._next_stream():
                return 0
            piece = self._source.read(CHUNK) if self._unpacker.needs_input else b""
            if self._unpacker.needs_input and not piece:
                raise EOFError("the file ends too early")
            data = self._unpacker.decompress(piece, max_length=len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)

    def _next_stream(self) -> bool:
        rest = self._unpacker.unused_data.lstrip(b"\0") or self._source.read(CHUNK).lstrip(b"\0")
        if not rest:
            return False
        self._unpacker = self._new()
        self._source.seek(-len(rest), io.SEEK_CUR)
        return True

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


class Readable(Protocol):
    """What gives bytes, forwards."""

    def read(self, size: int, /) -> bytes:
        """Give so many bytes or fewer; none at the end."""


_UNPACKERS: Mapping[bytes, Callable[[BinaryIO], Readable]] = {
    b"\x1f\x8b": lambda source: gzip.GzipFile(fileobj=source),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lambda source: io.BufferedReader(Xz(source), CHUNK),
}
"""By how a packed file begins."""


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Readable]:
    """Open a file to read what is packed in it, or the file itself if nothing is."""
    with path.open("rb") as source:
        begins = source.read(8)
        source.seek(0)
        unpack = next((unpack for magic, unpack in _UNPACKERS.items() if begins.startswith(magic)), None)
        yield source if unpack is None else unpack(source)


class Forward:
    """What `tarfile` reads from: it cannot go back but by one byte, and counts all that is unpacked."""

    def __init__(self, source: Readable, check: Callable[[int], None]) -> None:
        self._source = source
        self._check = check
        self._position = 0
        self._last = b""
        self._again = b""
        self._head_left: int | None = None
        self.last_read = b""
        """What was read last."""

    def begin_head(self) -> None:
        """From now on heads are read: they are kept in memory, so they may not be large."""
        self._head_left = LARGEST_HEAD

    def begin_content(self) -> None:
        """From now on content is read, piece by piece."""
        self._head_left = None

    def tell(self) -> int:
        """Tell the position."""
        return self._position

    def seek(self, position: int) -> int:
        """Go forward, or back by the byte that was read last."""
        if position == self._position - 1 and self._last:
            self._again, self._position = self._last, position
        while self._position < position:
            if not self._unpack(min(CHUNK, position - self._position)):
                break
        if position < self._position:
            raise errors.InvalidInput({"archive": ["is broken: a part of it is said to lie before another"]})
        return self._position

    def read(self, size: int) -> bytes:
        """Read `size` bytes, fewer at the end only."""
        if self._head_left is not None:
            self._head_left -= size
            if self._head_left < 0:
                raise errors.TooLarge(f"The description of a file in the archive is over {LARGEST_HEAD:,} bytes.")
        pieces = []
        while size > 0 and (piece := self._unpack(min(CHUNK, size))):
            pieces.append(piece)
            size -= len(piece)
        self.last_read = b"".join(pieces)
        return self.last_read

    def finish(self) -> None:
        """Read what is left, which checks the sum of everything."""
        while self._unpack(CHUNK):
            pass

    def _unpack(self, size: int) -> bytes:
        if self._again:
            piece, self._again = self._again, b""
        else:
            piece = self._source.read(size)
        self._position += len(piece)
        self._last = piece[-1:] or self._last
        self._check(self._position)
        return piece
