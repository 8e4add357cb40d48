"""Files and folders as a module receives them."""

from __future__ import annotations

import io
import mimetypes
import os
import pathlib
import tempfile
from typing import BinaryIO, Optional, Union

Bytes = Union[bytes, bytearray, memoryview]


class File:
    """One uploaded file: in memory, on disk, or both; the author asks for the form that suits.

    A file in memory is written to disk only when `path` is asked for; one on disk is read only when `data` is.
    Everything it made is gone after the request (`discard`).
    """

    def __init__(
        self,
        name: str,
        *,
        content_type: str = "",
        data: Optional[Bytes] = None,
        path: Optional[Union[str, os.PathLike[str]]] = None,
    ) -> None:
        if data is None and path is None:
            raise ValueError("a File needs data or a path")
        self.name = name
        self.content_type = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        self._data = None if data is None else memoryview(data)
        self._path = None if path is None else pathlib.Path(path)
        self._made: Optional[pathlib.Path] = None

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._data.nbytes if self._data is not None else self.path.stat().st_size

    @property
    def data(self) -> memoryview:
        """The content, without a copy where it is in memory already."""
        if self._data is None:
            self._data = memoryview(self.path.read_bytes())
        return self._data

    @property
    def path(self) -> pathlib.Path:
        """A path to the content; keeps the suffix of the name."""
        if self._path is None:
            descriptor, name = tempfile.mkstemp(prefix="pelagos-", suffix=pathlib.PurePath(self.name).suffix[:16])
            with os.fdopen(descriptor, "wb") as target:
                target.write(self.data)
            self._path = self._made = pathlib.Path(name)
        return self._path

    def read(self) -> bytes:
        """Give the whole content as bytes."""
        return bytes(self.data)

    def open(self) -> BinaryIO:
        """Open the content for reading; the caller closes it."""
        return io.BytesIO(self.data) if self._data is not None else self.path.open("rb")

    def discard(self) -> None:
        """Remove the file that `path` made; silent when it is gone."""
        if self._made is not None:
            try:
                self._made.unlink()
            except FileNotFoundError:
                pass
            self._made = None

    def __repr__(self) -> str:
        return f"File({self.name!r}, {self.content_type})"


class Folder:
    """A folder given as an argument: a data set, or the folder of a trained model."""

    def __init__(self, path: Union[str, os.PathLike[str]]) -> None:
        self.path = pathlib.Path(path)

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"Folder({str(self.path)!r})"
