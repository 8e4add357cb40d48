"""Unpack an archive from anybody: regular files and folders only, below one folder, within limits that are counted.

The libraries that read the formats believe what an archive says of itself. So none of their ways to extract is used:
they find the heads, and every name, kind and byte passes through here.
"""

from __future__ import annotations

import contextlib
import enum
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pelagos.domain import errors
from pelagos.storage import limits, names, packed, tree

FORMATS = "zip, tar, tar.gz, tar.bz2, tar.xz"
LARGEST_DIRECTORY = 64 << 20
"""Of a zip file, which is kept in memory."""
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHERS = {b"\x28\xb5\x2f\xfd": "zstd", b"Rar!": "RAR", b"7z\xbc\xaf\x27\x1c": "7z"}
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Of the others `zipfile` unpacks a block into memory whole: 1 MB of bzip2 can be 20 GB."""
_ENCRYPTED = 0x1
_BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    NotImplementedError,
    RecursionError,
    OverflowError,
    LookupError,
    ValueError,
)
"""What the libraries raise on archives that are damaged, or made to be."""


class Format(enum.StrEnum):
    """What an archive is, whatever its name says."""

    ZIP = "zip"
    TAR = "tar"


def format_of(archive: Path) -> Format | None:
    """Tell from the first bytes what an archive is; None for what is no archive that we read."""
    with archive.open("rb") as source:
        if source.read(4) in _ZIP:
            return Format.ZIP
    try:
        with packed.opened(archive) as source_:
            block = source_.read(tarfile.BLOCKSIZE)
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        return Format.TAR
    except (*_BROKEN, OSError):
        return None
    return Format.TAR


def unpack(
    archive: Path, into: Path, most: limits.Limits, counted: Callable[[int], object] = lambda _: None
) -> tree.Tree:
    """Unpack an archive into an empty folder; give what is there now. `counted` is told the bytes there are so far.

    Raises InvalidInput for what is no archive, is broken, encrypted, empty or holds what is neither file nor folder or
    has an unfit name; TooLarge for one over the limits. What was written until then stays: throw the folder away.
    """
    found = format_of(archive)
    filled = tree.Tree(into, limits.Tally(most, packed=archive.stat().st_size, counted=counted))
    if found is None:
        raise _fault(_not_read(archive))
    with _telling():
        if found is Format.ZIP:
            _unzip(archive, filled, most)
        else:
            _untar(archive, filled, most)
    if not filled.files:
        raise _fault("holds no files")
    return filled


@contextlib.contextmanager
def _telling() -> Iterator[None]:
    """Say in our words what is wrong with an archive."""
    try:
        yield
    except names.Unfit as error:
        raise _fault(str(error)) from error
    except _BROKEN as error:
        raise _fault(f"is broken or cut off ({error})" if str(error) else "is broken or cut off") from error
    except OSError as error:
        if error.errno is not None:
            raise  # Of our disk. What the library says of the archive bears no number.
        raise _fault(f"is broken or cut off ({error})") from error


def _unzip(archive: Path, filled: tree.Tree, most: limits.Limits) -> None:
    with archive.open("rb") as source, zipfile.ZipFile(_Bounded(source)) as opened:
        members = opened.infolist()
        if len(members) > most.files:
            raise errors.TooLarge(f"There are more than {most.files:,} files, the limit of this hub.")
        for member in members:
            # The library cuts a name at its first NUL; we want to see all of it.
            _check_zipped(member)
            if member.is_dir():
                filled.add_folder(member.orig_filename)
                continue
            with opened.open(member) as content:
                filled.add_file(member.orig_filename, content.read)


def _check_zipped(member: zipfile.ZipInfo) -> None:
    name = names.shown(member.orig_filename)
    kind = stat.S_IFMT(member.external_attr >> 16)
    if member.flag_bits & _ENCRYPTED:
        raise _fault(f"is encrypted ({name}); send it without a password")
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _fault(f"{name} is a link or a device; only files and folders are taken")
    if member.compress_type not in _METHODS:
        method = zipfile.compressor_names.get(member.compress_type, "unknown")  # type: ignore[attr-defined]
        raise _fault(f"{name} is packed by a method that is not read here ({method}); expected deflate")


def _untar(archive: Path, filled: tree.Tree, most: limits.Limits) -> None:
    tally = limits.Tally(most, packed=archive.stat().st_size)
    with packed.opened(archive) as source:
        forward = packed.Forward(source, tally.check)
        forward.begin_head()
        with tarfile.open(fileobj=forward, mode="r:") as opened:  # type: ignore[call-overload]
            while (member := opened.next()) is not None:
                forward.begin_content()
                _take_tarred(opened, member, filled)
                # The library would remember every member.
                opened.members.clear()
                forward.begin_head()
        # The library takes a damaged head for the end; the true end is a block of zeros.
        if forward.last_read != bytes(tarfile.BLOCKSIZE):
            raise EOFError
        forward.finish()


def _take_tarred(opened: tarfile.TarFile, member: tarfile.TarInfo, filled: tree.Tree) -> None:
    if member.isdir():
        filled.add_folder(member.name)
        return
    content = opened.extractfile(member) if member.isreg() and member.size >= 0 else None
    if content is None or member.issparse():
        kind = "a file with holes" if member.issparse() else "a link or a device"
        raise _fault(f"{names.shown(member.name)} is {kind}; only files and folders are taken")
    with content:
        filled.add_file(member.name, content.read)


class _Bounded(io.RawIOBase):
    """A file of which nothing large is read at once: `zipfile` reads a whole directory into memory, however large."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._source.seek(offset, whence)

    def tell(self) -> int:
        return self._source.tell()

    def read(self, size: int = -1, /) -> Any:
        if size > LARGEST_DIRECTORY:
            raise errors.TooLarge(
                "The directory of the archive is too large: it lists millions of files, or claims to."
            )
        return self._source.read(size)


def _not_read(archive: Path) -> str:
    with archive.open("rb") as source:
        begins = source.read(8)
    other = next((name for magic, name in _OTHERS.items() if begins.startswith(magic)), None)
    what = f"a {other} archive" if other else "an empty file" if not begins else "no archive, or a broken one"
    return f"is {what}; expected {FORMATS}"


def _fault(text: str) -> errors.InvalidInput:
    return errors.InvalidInput({"archive": [text]})
