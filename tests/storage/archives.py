"""Archives for tests: good ones, and such as nobody should be sent."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

GOOD = {"train/rose/1.jpg": b"rose", "train/daisy/1.jpg": b"daisy" * 1000, "README.md": b"# Flowers\n"}
FORMATS = ("zip", "tar", "tar.gz", "tar.bz2", "tar.xz")

Contents = Mapping[str, bytes]


def make(path: Path, contents: Contents, kind: str) -> Path:
    """Pack files, by name, in one of the formats."""
    return zipped(path, contents) if kind == "zip" else tarred(path, contents, kind.removeprefix("tar").strip("."))


def zipped(path: Path, contents: Contents, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(path, "w", method) as packed:
        for name, data in contents.items():
            packed.writestr(name, data)
    return path


def tarred(path: Path, contents: Contents, packing: str = "") -> Path:
    """Write a tar file."""
    with tarfile.open(path, f"w:{packing}") as packed:
        for name, data in contents.items():
            packed.addfile(member(name, size=len(data)), io.BytesIO(data))
    return path


def member(name: str, *, kind: bytes = tarfile.REGTYPE, target: str = "", size: int = 0) -> tarfile.TarInfo:
    """Describe a file in a tar file."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, target, size
    return made


def odd_tar(path: Path, *members: tarfile.TarInfo, packing: str = "") -> Path:
    """Write a tar file of members without content."""
    with tarfile.open(path, f"w:{packing}") as packed:
        for each in members:
            packed.addfile(each)
    return path


def odd_zip(path: Path, name: str, *, mode: int = 0, flags: int = 0, method: int | None = None) -> Path:
    """Write a zip file with one member whose description says what it likes."""
    described = zipfile.ZipInfo("placeholder")
    described.external_attr = mode << 16
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(described, b"/etc/passwd")
    data = bytearray(path.read_bytes())
    central = data.index(b"PK\x01\x02")
    raw = name.encode()
    for head, at in ((0, 26), (central, 28)):
        if flags:
            struct.pack_into("<H", data, head + (6 if head == 0 else 8), flags)
        if method is not None:
            struct.pack_into("<H", data, head + (8 if head == 0 else 10), method)
        assert struct.unpack_from("<H", data, head + at)[0] == len("placeholder")
    if raw:
        assert len(raw) == len("placeholder")
        data[:] = data.replace(b"placeholder", raw)
    path.write_bytes(data)
    return path


def zip_bomb(path: Path, size: int) -> Path:
    """Write zeros that a zip file hides well."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("zeros", "w") as target:
        for _ in range(size >> 20):
            target.write(bytes(1 << 20))
    return path


def lying_zip(path: Path, size: int) -> Path:
    """Write a zip bomb that claims to be one byte."""
    zip_bomb(path, size)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\x01\x02") + 24, 1)
    path.write_bytes(data)
    return path
