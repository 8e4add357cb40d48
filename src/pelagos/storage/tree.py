"""Fill a folder with files whose names come from elsewhere."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from pelagos.storage import limits, names

CHUNK = 1 << 20
_HERE = PurePosixPath()
_LITTER = frozenset({"__MACOSX", ".DS_Store", "Thumbs.db"})
"""What file managers leave behind; no data."""

Read = Callable[[int], bytes]


class Tree:
    """A folder that is being filled: regular files and folders only, each name once, within limits."""

    def __init__(self, root: Path, tally: limits.Tally) -> None:
        self._root = root
        self._tally = tally
        self._folders = {names.folded(_HERE): _HERE}
        self._files: set[str] = set()

    @property
    def files(self) -> int:
        """How many files are in it."""
        return len(self._files)

    @property
    def bytes(self) -> int:
        """How large they are together."""
        return self._tally.bytes

    def add_folder(self, name: str) -> None:
        """Make a folder; may be called twice. Raises `names.Unfit`, TooLarge."""
        path = names.inside(name)
        if not _litter(path):
            self._make(path)

    def add_file(self, name: str, read: Read) -> None:
        """Write a file, piece by piece. Raises `names.Unfit`, TooLarge."""
        place = self.place(name)
        if place is None:
            return
        # Never into something that is there: the folder is ours, and no name comes twice.
        with place.open("xb") as written:
            while piece := read(CHUNK):
                self._tally.add_bytes(len(piece))
                written.write(piece)

    def take(self, name: str, source: Path) -> None:
        """Move a file in here. Raises as `add_file` does."""
        found = source.lstat()
        if not stat.S_ISREG(found.st_mode):
            raise names.Unfit(f"{names.shown(name)} is no file")
        place = self.place(name)
        if place is not None:
            self._tally.add_bytes(found.st_size)
            shutil.move(source, place)

    def place(self, name: str) -> Path | None:
        """Give the path for a new file; None for what is left out."""
        path = names.inside(name)
        if path == _HERE:
            raise names.Unfit(f"{names.shown(name)} is no name of a file")
        if _litter(path):
            return None
        self._make(path.parent)
        key = names.folded(path)
        if key in self._files or key in self._folders:
            raise names.Unfit(f"{names.shown(name)} is there twice (or differs from another name in its case only)")
        self._tally.add_entry()
        self._files.add(key)
        return self._root / path

    def _make(self, path: PurePosixPath) -> None:
        for folder in reversed([path, *path.parents]):
            key = names.folded(folder)
            if self._folders.get(key, folder) != folder:
                raise names.Unfit(f"{names.shown(str(folder))} differs from another folder in its case only")
            if key in self._files:
                raise names.Unfit(f"{names.shown(str(folder))} is a file and a folder")
            if key not in self._folders:
                self._tally.add_entry()
                (self._root / folder).mkdir()
                self._folders[key] = folder


def _litter(path: PurePosixPath) -> bool:
    return not _LITTER.isdisjoint(path.parts)
