"""The files that modules take and give; real modules ask `isinstance(value, wrapper.UploadedFile)`."""

from __future__ import annotations

from typing import NamedTuple, Optional


class UploadedFile(NamedTuple):
    """A file as `predict` and `train` receive it."""

    name: Optional[str] = None
    """Of the argument."""
    filename: Optional[str] = None
    """The path of a temporary file with the content."""
    content_type: Optional[str] = None
    original_filename: Optional[str] = None
    """The file's name at the client."""


class ReturnedFile(NamedTuple):
    """A file as an answer."""

    name: Optional[str] = None
    filename: Optional[str] = None
    """The path of the file to send."""
    content_type: Optional[str] = None
    original_filename: Optional[str] = None
