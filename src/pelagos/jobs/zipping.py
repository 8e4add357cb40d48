"""Give a folder as a zip file while it is read: neither memory nor disk holds the archive."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

PIECE = 1 << 20


class _Written(io.RawIOBase):
    """Where `zipfile` writes, and what it wrote is taken from. It cannot seek, so sizes follow the contents."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def pieces(folder: Path, top: str) -> Iterator[bytes]:
    """Pack the files of a folder, not compressed because weights do not shrink, below a folder `top`."""
    written = _Written()
    with zipfile.ZipFile(written, "w") as packed:
        for path in files(folder):
            member = zipfile.ZipInfo.from_file(path, f"{top}/{path.relative_to(folder)}", strict_timestamps=False)
            with path.open("rb") as source, packed.open(member, "w", force_zip64=True) as target:
                while piece := source.read(PIECE):
                    target.write(piece)
                    yield written.take()
    yield written.take()


def files(folder: Path) -> Iterator[Path]:
    """List the regular files of a folder and those below; links lead elsewhere and are left out."""
    if folder.is_symlink():
        return
    for place, folders, names in os.walk(folder):
        folders.sort()
        for path in (Path(place, name) for name in sorted(names)):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def size(folder: Path) -> int:
    """Tell how large the files of a folder are; at least 1 if there are any."""
    sizes = [path.stat().st_size for path in files(folder)]
    return max(1, sum(sizes)) if sizes else 0
