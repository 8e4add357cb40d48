"""A store of equal-sized rows on disk, found by a key: decoded pictures, features, activations.

Shared by all trainings, also at the same time. Rows and keys are appended under a lock, rows first, so whoever reads
or is killed at any moment sees only complete rows; rows that lost their keys are overwritten by the next writer.
"""

import fcntl
import hashlib
import mmap
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy

Rows = numpy.ndarray[Any, numpy.dtype[Any]]
Key = bytes
"""A SHA-256 digest of all that the row was made from."""
_KEY_SIZE = 32


def key(*parts: bytes | str) -> Key:
    """Make a key of everything that a row depends on."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(len(content).to_bytes(8, "little") + content)
    return digest.digest()


class Store:
    """One kind of row in one folder."""

    def __init__(self, folder: Path, shape: tuple[int, ...], dtype: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._shape, self._dtype = shape, numpy.dtype(dtype)
        self._row_size = int(numpy.prod(shape)) * self._dtype.itemsize
        self._rows_file, self._keys_file = folder / "rows", folder / "keys"
        self._lock_file = folder / "lock"
        self._positions: dict[Key, int] = {}

    def find(self, keys: Sequence[Key]) -> list[int | None]:
        """Tell at which position each row is; None for those that are not there."""
        self._positions = _positions(self._keys())
        return [self._positions.get(key) for key in keys]

    def missing(self, keys: Sequence[Key]) -> list[Key]:
        """Tell which keys have no row yet, each once."""
        found = zip(keys, self.find(keys), strict=True)
        return list(dict.fromkeys(key for key, position in found if position is None))

    def append(self, rows: Mapping[Key, Rows]) -> None:
        """Add rows; a key that somebody else added meanwhile is left alone."""
        with self._locked():
            there = self._keys()
            known = _positions(there)
            new = {key: row for key, row in rows.items() if key not in known}
            with self._rows_file.open("ab") as target:
                target.truncate(len(there) * self._row_size)
                for row in new.values():
                    target.write(self._content(row))
                target.flush()
                os.fdatasync(target.fileno())
            with self._keys_file.open("ab") as target:
                target.truncate(len(there) * _KEY_SIZE)
                target.write(b"".join(new))

    def rows(self, keys: Sequence[Key]) -> "View":
        """Give the rows of `keys`, mapped from disk; raises KeyError when one is not there."""
        positions = self.find(keys)
        absent = positions.count(None)
        if absent:
            raise KeyError(f"{absent} of {len(keys)} rows are not in the store")
        return View(self._mapped(), numpy.array(positions, numpy.int64))

    def _mapped(self) -> Rows:
        count = len(self._keys())
        if count == 0:
            return numpy.empty((0, *self._shape), self._dtype)
        with self._rows_file.open("rb") as source:
            content = mmap.mmap(source.fileno(), count * self._row_size, access=mmap.ACCESS_READ)
        return numpy.frombuffer(content, self._dtype).reshape(count, *self._shape)

    def _content(self, row: Rows) -> bytes:
        if row.shape != self._shape:
            raise ValueError(f"a row of shape {row.shape}, expected {self._shape}")
        return numpy.ascontiguousarray(row, self._dtype).tobytes()

    def _keys(self) -> list[Key]:
        try:
            content = self._keys_file.read_bytes()
        except FileNotFoundError:
            return []
        return [content[start : start + _KEY_SIZE] for start in range(0, len(content) - _KEY_SIZE + 1, _KEY_SIZE)]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._lock_file.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class View:
    """Chosen rows of a store, read when they are asked for: `view[3:7]`, `view[indices]`, `len(view)`."""

    def __init__(self, mapped: Rows, positions: numpy.ndarray[Any, numpy.dtype[numpy.int64]]) -> None:
        self._mapped, self._positions = mapped, positions

    def __len__(self) -> int:
        return len(self._positions)

    def __getitem__(self, chosen: Any) -> Rows:
        return numpy.asarray(self._mapped[self._positions[chosen]])

    def all(self) -> Rows:
        """Read all of them into memory."""
        return numpy.asarray(self._mapped[self._positions])


def _positions(keys: Sequence[Key]) -> dict[Key, int]:
    return {key: position for position, key in enumerate(keys)}
