"""Data sets: folders of files, each there as a whole or not at all.

`ROOT/<name>/files` holds what was sent, `ROOT/<name>/dataset.json` what is known of it. A data set is filled below
`ROOT/.staging` and appears by one rename; it goes the same way. Whoever is killed in between leaves a folder there
whose lock is free, and the next one who comes removes it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import errno
import fcntl
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pelagos.domain import clock, errors, steps
from pelagos.module import durable, lock
from pelagos.storage import fetching, limits, names, tree, unpacking

_STAGING = ".staging"
_FILES = "files"
_RECORD = "dataset.json"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_TAKEN = frozenset({errno.ENOTEMPTY, errno.EEXIST})


@dataclasses.dataclass(frozen=True)
class Dataset:
    """One data set."""

    name: str
    files: int
    """How many files it has."""
    bytes: int
    """How large they are together."""
    created: datetime.datetime
    path: Path
    """The folder of its files, which trainings are given."""


@dataclasses.dataclass(frozen=True)
class Entry:
    """A file or folder in a data set."""

    name: str
    path: str
    """Below the data set's folder, with slashes."""
    folder: bool
    bytes: int
    """0 for a folder."""


class Datasets:
    """All data sets of one hub. Everything is synchronous and may be called from any thread and several processes."""

    def __init__(self, root: Path, *, limits: limits.Limits, clock: clock.Clock) -> None:
        self._root = root
        self._limits = limits
        self._clock = clock

    def list(self) -> tuple[Dataset, ...]:
        """List all data sets in the order of their names."""
        try:
            found = sorted(path.name for path in self._root.iterdir())
        except FileNotFoundError:
            return ()
        return tuple(known for known in map(self._read, found) if known is not None)

    def get(self, name: str) -> Dataset:
        """Find a data set; raises NotFound."""
        found = self._read(name)
        if found is None:
            raise errors.NotFound(f"There is no data set {names.shown(name)}.")
        return found

    def delete(self, name: str) -> None:
        """Remove a data set with all its files, if it is there."""
        try:
            self.get(name)
        except errors.NotFound:
            return
        with self._stage() as stage, contextlib.suppress(FileNotFoundError):
            (self._root / name).rename(stage / "deleted")

    def entries(self, name: str, inner: str = "", *, limit: int | None = None, offset: int = 0) -> tuple[Entry, ...]:
        """List what is in a folder of a data set, folders first; raises NotFound."""
        folder = self.path(name, inner)
        if not folder.is_dir():
            raise errors.NotFound(f"There is no folder {names.shown(inner)} in the data set {name}.")
        with os.scandir(folder) as found:
            ordered = sorted(found, key=lambda each: (not each.is_dir(follow_symlinks=False), each.name))
        last = None if limit is None else offset + limit
        base = self.get(name).path
        return tuple(_entry(base, each) for each in ordered[offset:last])

    def path(self, name: str, inner: str = "") -> Path:
        """Give the path of a file or folder in a data set, never of one outside; raises NotFound."""
        base = self.get(name).path
        try:
            found = base / names.inside(inner)
        except names.Unfit:
            found = None
        if found is None or not found.exists() or not found.resolve().is_relative_to(base.resolve()):
            raise errors.NotFound(f"There is no {names.shown(inner)} in the data set {name}.")
        return found

    def add_archive(self, name: str, file: Path, filename: str = "") -> Dataset:
        """Make a data set of what an archive holds; a folder that wraps everything is left out.

        Raises InvalidInput, TooLarge, Conflict when the name is taken, Unavailable when the disk is full. `filename`
        is for messages only: what an archive is shows in its bytes.
        """
        with self._adding(name) as stage:
            try:
                filled = unpacking.unpack(file, stage / _FILES, self._limits)
            except errors.InvalidInput as error:
                raise errors.InvalidInput({filename or "archive": error.faults["archive"]}) from error
            return self._finish(name, stage, filled)

    def add_files(self, name: str, files: Iterable[tuple[str, Path]], *, move: bool = False) -> Dataset:
        """Make a data set of files with the names that they shall have in it; raises as `add_archive` does.

        With `move` they are taken away from where they are, which costs nothing on the same file system.
        """
        with self._adding(name) as stage:
            filled = tree.Tree(stage / _FILES, limits.Tally(self._limits))
            try:
                for wanted, source in files:
                    _take(filled, wanted, source, move=move)
            except names.Unfit as error:
                raise errors.InvalidInput({"files": [str(error)]}) from error
            if not filled.files:
                raise errors.InvalidInput({"files": ["are none"]})
            return self._finish(name, stage, filled)

    def check_url(self, name: str, url: str) -> None:
        """Raise InvalidInput or Conflict for what `add_url` would refuse before it asks anybody."""
        names.check_dataset(name)
        self._check_free(name)
        fetching.check(url, self._limits)

    def add_url(self, name: str, url: str, *, progress: steps.Progress = steps.quiet, mark: str = "") -> Dataset:
        """Make a data set of what an address gives: an archive, which is unpacked, or a file. Raises as `add_archive`.

        May take hours; call it in a thread of its own. `progress` may raise: then nothing stays. With a `mark` it may
        be called again, after a crash for example: the data set with that mark is given as it is.
        """
        there = self._read(name)
        if mark and there is not None and self._known(name).get("mark") == mark:
            return there
        with self._adding(name) as stage:
            fetched = fetching.fetch(url, stage / "fetched", self._limits, progress)
            if unpacking.format_of(fetched.path) is not None:
                unpacked = functools.partial(steps.Step, "Unpacking")
                filled = unpacking.unpack(
                    fetched.path, stage / _FILES, self._limits, lambda there: progress(unpacked(there))
                )
            else:
                filled = tree.Tree(stage / _FILES, limits.Tally(self._limits))
                filled.take(fetched.filename, fetched.path)
            return self._finish(name, stage, filled, mark)

    def sweep(self) -> None:
        """Remove what a crash left of data sets that were being added."""
        with self._stage():
            pass

    def _read(self, name: str) -> Dataset | None:
        if not names.is_dataset(name):
            return None
        try:
            known = self._known(name)
        except (FileNotFoundError, NotADirectoryError):
            return None
        created = datetime.datetime.fromisoformat(known["created"])
        return Dataset(name, int(known["files"]), int(known["bytes"]), created, self._root / name / _FILES)

    def _known(self, name: str) -> dict[str, Any]:
        known: dict[str, Any] = json.loads((self._root / name / _RECORD).read_bytes())
        return known

    @contextlib.contextmanager
    def _adding(self, name: str) -> Iterator[Path]:
        names.check_dataset(name)
        self._check_free(name)
        try:
            with self._stage() as stage:
                (stage / _FILES).mkdir()
                yield stage
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise errors.Unavailable("The disk of the hub is full.") from error

    def _check_free(self, name: str) -> None:
        if (self._root / name).exists():
            raise errors.Conflict(f"There is a data set {name} already.", hint="Choose another name, or delete it.")

    def _finish(self, name: str, stage: Path, filled: tree.Tree, mark: str = "") -> Dataset:
        made = stage / "made"
        made.mkdir()
        _unwrapped(stage / _FILES).rename(made / _FILES)
        now = self._clock.now()
        known = {"files": filled.files, "bytes": filled.bytes, "created": now.isoformat(), "mark": mark}
        durable.write_json(made / _RECORD, known)
        try:
            made.rename(self._root / name)
        except OSError as error:
            if error.errno in _TAKEN:
                self._check_free(name)  # Somebody was faster.
            raise
        durable.sync_folder(self._root)
        return Dataset(name, filled.files, filled.bytes, now, self._root / name / _FILES)

    @contextlib.contextmanager
    def _stage(self) -> Iterator[Path]:
        """Give a folder that vanishes in the end, whatever happens to us."""
        place = self._root / _STAGING
        place.mkdir(parents=True, exist_ok=True)
        with _locked(place):
            left = [found for found in place.iterdir() if _is_left(found)]
            stage = Path(tempfile.mkdtemp(dir=place))
            held = os.open(stage, os.O_RDONLY)
            fcntl.flock(held, fcntl.LOCK_EX)
        try:
            for found in left:
                shutil.rmtree(found, ignore_errors=True)
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            os.close(held)


def _take(filled: tree.Tree, wanted: str, source: Path, *, move: bool) -> None:
    if move:
        filled.take(wanted, source)
        return
    with source.open("rb") as content:
        filled.add_file(wanted, content.read)


def _unwrapped(folder: Path) -> Path:
    """Go into a folder that is alone: archives of `flowers` hold a folder `flowers` more often than not."""
    inside = list(folder.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else folder


def _entry(base: Path, found: os.DirEntry[str]) -> Entry:
    folder = found.is_dir(follow_symlinks=False)
    size = 0 if folder else found.stat(follow_symlinks=False).st_size
    return Entry(found.name, Path(found.path).relative_to(base).as_posix(), folder, size)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _is_left(stage: Path) -> bool:
    """Whether nobody works in a stage any more."""
    try:
        return not lock.taken(stage)
    except FileNotFoundError:
        return False
