"""Names of data sets, and of the files in them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

from pelagos.domain import errors

LONGEST_PART = 255
LONGEST_PATH = 1024
"""In bytes; what every file system here takes."""
_DATASET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_DRIVE = re.compile(r"[A-Za-z]:")
_SHOWN = 80


class Unfit(ValueError):
    """A name that no file here may have; the message says why."""


def is_dataset(name: str) -> bool:
    """Whether a data set may be called so."""
    return _DATASET.fullmatch(name) is not None


def check_dataset(name: str) -> str:
    """Give the name of a data set back; raises InvalidInput for one that is none."""
    if not is_dataset(name):
        expected = "up to 100 letters, digits, dots, dashes and underscores, a letter or digit first"
        raise errors.InvalidInput({"name": [f"{shown(name)} is no name of a data set; expected {expected}"]})
    return name


def inside(name: str) -> PurePosixPath:
    """Read the name of a file below a folder: always below it. Raises Unfit; `.` when nothing is left."""
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise Unfit(f"{shown(name)} has control characters in its name")
    # Archives from Windows separate folders so; as part of a name it would be a trap for whoever goes there.
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise Unfit(f"{shown(name)} is an absolute path")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Unfit(f"{shown(name)} leads out of its folder")
    _check_length(name, parts)
    return PurePosixPath(*parts)


def folded(path: PurePosixPath) -> str:
    """Give the form in which two names are one where upper and lower case, or ways to write ü, are not told apart."""
    return unicodedata.normalize("NFC", str(path)).casefold()


def shown(name: str) -> str:
    """Write a name in a message: quoted, with nothing in it that acts, and not too long."""
    text = ascii(name) if not name.isprintable() else f"'{name}'"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _check_length(name: str, parts: list[str]) -> None:
    try:
        sizes = [len(part.encode()) for part in parts]
    except UnicodeEncodeError:
        raise Unfit(f"{shown(name)} is not a name in UTF-8") from None
    if max(sizes, default=0) > LONGEST_PART or sum(sizes) + len(sizes) > LONGEST_PATH:
        raise Unfit(f"{shown(name)} is too long a name: {LONGEST_PART} bytes are the most, {LONGEST_PATH} with folders")
