"""Lists of repositories, as DEEP (`MODULES.yml`) and AI4OS (`.gitmodules`) keep them."""

from __future__ import annotations

import configparser
import dataclasses
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urljoin

from pelagos.catalog import documents, yaml_document
from pelagos.domain import errors

FILES = ("MODULES.yml", "MODULES.yaml", ".gitmodules")
_KEYS = ("module", "url", "git", "repository")
_ENDINGS = (".yml", ".yaml", ".gitmodules")
_FETCHED = re.compile(r"https?://\S+")


@dataclasses.dataclass(frozen=True)
class Entry:
    """One repository of a list."""

    address: str
    branch: str = ""
    """Empty for the repository's own."""


def is_file(location: str) -> bool:
    """Whether a location names the list itself, not a repository that holds it."""
    return location.endswith(_ENDINGS)


def load(location: str, *, timeout_s: float) -> str:
    """Read a list from a path or an address of the web. Raises Unavailable."""
    if not _FETCHED.fullmatch(location):
        try:
            with Path(location).open(encoding="utf-8") as opened:
                return opened.read(documents.LARGEST_CHARS)
        except (OSError, UnicodeDecodeError) as error:
            raise errors.Unavailable(f"the list cannot be read: {error}") from error
    try:
        with urllib.request.urlopen(location, timeout=timeout_s) as answer:  # noqa: S310 - http or https, see above
            content: bytes = answer.read(documents.LARGEST_CHARS)
    except (urllib.error.URLError, OSError) as error:
        raise errors.Unavailable(f"the list cannot be fetched: {error}") from error
    return content.decode("utf-8", "replace")


def of_folder(folder: Path) -> tuple[str, str] | None:
    """Find the list in a folder: its name and its text; None when there is none."""
    for name in FILES:
        if (folder / name).is_file():
            return name, (folder / name).read_text(encoding="utf-8", errors="replace")
    return None


def entries(file: str, text: str, *, base: str = "") -> tuple[Entry, ...]:
    """Give the repositories that a list names, each once; addresses such as `../other` begin at `base`.

    Raises InvalidInput, with the place, when the list cannot be read or names none.
    """
    found = _of_gitmodules(text) if text.lstrip().startswith("[submodule") else _of_yaml(file, text)
    whole = (Entry(_absolute(entry.address, base), entry.branch) for entry in found)
    once = tuple(dict.fromkeys(whole))
    if not once:
        raise errors.InvalidInput({file: ["The list names no repository; expected lines such as “- module: URL”."]})
    return once


def _of_gitmodules(text: str) -> Iterable[Entry]:
    """See https://git-scm.com/docs/gitmodules."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise errors.InvalidInput({".gitmodules": [str(error).replace("\n", " ")]}) from error
    sections = (parser[name] for name in parser.sections())
    # A branch “.” is the one of the list's own repository.
    return [Entry(each["url"], each.get("branch", "").strip(".")) for each in sections if "url" in each]


def _of_yaml(file: str, text: str) -> Iterable[Entry]:
    document = yaml_document.read(file, text)
    if document.faults:
        raise errors.InvalidInput({file: [str(fault) for fault in document.faults]})
    members = document.value if isinstance(document.value, list) else []
    return [entry for member in members if (entry := _entry(member)) is not None]


def _entry(member: object) -> Entry | None:
    if isinstance(member, str):
        return Entry(member)
    if not isinstance(member, Mapping):
        return None
    address = next((member[key] for key in _KEYS if isinstance(member.get(key), str)), None)
    branch = member.get("branch", "")
    return None if address is None else Entry(address, branch if isinstance(branch, str) else "")


def _absolute(address: str, base: str) -> str:
    plain = address.strip().rstrip("/")
    return urljoin(f"{base.rstrip('/')}/", plain) if base and plain.startswith(("./", "../")) else plain
