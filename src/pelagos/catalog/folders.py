"""The card of a module's folder: from all that the folder says, checked against one another."""

from __future__ import annotations

import dataclasses
import itertools
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic

from pelagos.catalog import (
    agreement,
    ai4os_v2,
    card,
    deep_v1,
    documents,
    faults,
    licences,
    native,
    reading,
    yaml_document,
)

Read = Callable[[str, str, str], reading.Imported]

_FORMATS: tuple[tuple[str, Read], ...] = (
    (native.FILE, native.read),
    *((file, ai4os_v2.read) for file in ai4os_v2.FILES),
    (deep_v1.FILE, deep_v1.read),
)
"""The first one counts, the others complete it."""
_README = ("README.md", "README.rst", "README.txt", "README")
_LICENCE = re.compile(r"(LICEN[CS]E|COPYING)([-_.].*)?", re.IGNORECASE)
_CITATION = "CITATION.cff"
_PROJECT = "pyproject.toml"
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
CARDS = tuple(file for file, _ in _FORMATS)
"""Files any of which makes a folder that of a module."""
FILES = (*CARDS, "README*", _CITATION, _PROJECT)
"""All that is read beside the licence, as patterns."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_GROUPS = ("pelagos.modules", "deepaas.v2.model")
_DEEPEST = 3
_MOST_FOLDERS = 5_000


def read(folder: Path, name: str = "") -> reading.Imported:
    """Make the card of a module's folder, under the folder's name if none is given.

    Reads `module.toml`, `ai4-metadata.yml` and `metadata.json`, whichever are there, with the README, LICENSE,
    CITATION.cff and pyproject.toml beside them. Never raises for what is in them; links out of the folder are not
    followed.
    """
    name = name or _UNFIT.sub("-", folder.resolve().name).strip("-._")[:200] or "module"
    found: list[tuple[str, reading.Imported]] = []
    unread: list[faults.Fault] = []
    for file, reader in _FORMATS:
        try:
            text = _text(folder, file)
        except UnicodeDecodeError as error:
            unread.append(_no_text(file, error))
            continue
        if text is not None:
            found.append((file, reader(name, text, file)))
    if not found:
        missing = faults.Fault(native.FILE, "The folder has no card.", 'Add module.toml: at least title = "...".')
        return reading.Imported(None, tuple(unread) or (missing,), broken=bool(unread))
    first_file, imported = found[0]
    for file, other in found[1:]:
        imported = agreement.merge(imported, other, first_file=first_file, second_file=file)
    imported = reading.Imported(imported.card, (*unread, *imported.faults), imported.broken or bool(unread))
    return _with_surroundings(folder, imported)


def find(root: Path) -> Iterator[Path]:
    """Give the folders of modules: the root itself, or those below it; nothing is looked for inside a module.

    At most three levels and 5,000 folders are looked at, hidden ones and links are not.
    """
    level = [root]
    looked_at = 0
    for _ in range(_DEEPEST + 1):
        below: list[Path] = []
        for folder in level:
            looked_at += 1
            if looked_at > _MOST_FOLDERS:
                return
            if any((folder / file).is_file() for file in CARDS):
                yield folder
            else:
                below += sorted(each for each in folder.iterdir() if _may_hold_modules(each))
        level = below


def module_name(folder: Path) -> str:
    """Give the name by which a folder's module is installed; empty when it says none, or several."""
    entries = _project(folder).get("entry-points", {})
    groups = (entries.get(group, {}) for group in _GROUPS) if isinstance(entries, Mapping) else ()
    names = list(dict.fromkeys(name for group in groups if isinstance(group, Mapping) for name in group))
    return names[0] if len(names) == 1 and _NAME.fullmatch(names[0]) else ""


def _may_hold_modules(path: Path) -> bool:
    return not path.name.startswith((".", "_")) and path.is_dir() and not path.is_symlink()


def _project(folder: Path) -> Mapping[str, Any]:
    try:
        project = tomllib.loads(_text_or_none(folder, _PROJECT) or "").get("project", {})
    except tomllib.TOMLDecodeError:
        return {}  # Whoever installs the module is told about it.
    return project if isinstance(project, Mapping) else {}


def _with_surroundings(folder: Path, imported: reading.Imported) -> reading.Imported:
    """Complete a card with what stands beside it, and check its licence."""
    if imported.card is None:
        return imported
    found: list[faults.Fault] = []
    plain = imported.card.plain()
    readme = next(filter(None, (_text_or_none(folder, file) for file in _README)), "")
    if readme:
        plain.setdefault("readme", readme)
    _add_project(folder, plain)
    found += _add_citation(folder, plain)
    found += _add_licence(folder, plain)
    try:
        completed = card.Card.model_validate(plain)
    except pydantic.ValidationError as error:
        said = error.errors(include_url=False)[0]
        message = f"{documents.dotted(said['loc'])}: {said['msg']}."
        found.append(faults.Fault(_README[0], message))
        completed = imported.card
    return dataclasses.replace(imported, card=completed, faults=(*imported.faults, *found))


def _add_project(folder: Path, plain: dict[str, Any]) -> None:
    version = _project(folder).get("version")
    if isinstance(version, str):
        plain.setdefault("version", version)


def _add_citation(folder: Path, plain: dict[str, Any]) -> Iterable[faults.Fault]:
    text = _text_or_none(folder, _CITATION)
    if text is None:
        return ()
    document = yaml_document.read(_CITATION, text)
    if isinstance(document.value, Mapping) and document.value:
        citation = plain.setdefault("citation", {})
        citation.setdefault("cff", dict(document.value))
        found = document.value.get("doi")
        try:
            citation.setdefault("doi", card.doi(found) if isinstance(found, str) else None)
        except ValueError as error:
            return (*document.faults, document.fault(("doi",), f"“{found}” is no DOI: {error}.", "Correct it."))
    return document.faults


def _add_licence(folder: Path, plain: dict[str, Any]) -> Iterable[faults.Fault]:
    """Compare the stated licence with the text of the LICENSE file; the text tells where nothing is stated."""
    files = itertools.islice(sorted(folder.iterdir()), 10_000)
    file = next((each.name for each in files if _LICENCE.fullmatch(each.name) and each.is_file()), None)
    stated = plain.get("licence")
    if file is None:
        message = "The folder has no LICENSE file."
        return (faults.Fault("LICENSE", message, "Add the text of the licence.", severity=faults.Severity.WARNING),)
    actual = licences.of_text(_text_or_none(folder, file) or "")
    if stated is None and actual is not None:
        plain["licence"] = actual
    if stated is None or actual is None or not licences.contradict(stated, actual):
        return ()
    message = f"The card says {stated}, but this is the text of {actual}."
    return (faults.Fault(file, message, "Correct the one that is wrong.", "licence"),)


def _text_or_none(folder: Path, file: str) -> str | None:
    try:
        return _text(folder, file)
    except UnicodeDecodeError:
        return None


def _text(folder: Path, file: str) -> str | None:
    """Read a file of the folder; None when it has none, UnicodeDecodeError when it is no text."""
    path = folder / file
    if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
        return None
    with path.open("rb") as opened:
        content = opened.read(documents.LARGEST_CHARS + 1)
    return content.decode("utf-8-sig")


def _no_text(file: str, error: UnicodeDecodeError) -> faults.Fault:
    *above, before = error.object[: error.start].split(b"\n")
    column = len(before.decode("utf-8", "replace")) + 1
    message = "The file is no text in UTF-8 from here on."
    return faults.Fault(file, message, "Save it as UTF-8.", line=len(above) + 1, column=column)
