"""Cards of the modules that are installed here, from their folders or from what they say of themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from pelagos import environments
from pelagos.catalog import card, folders, licences, native, reading
from pelagos.domain import errors

_METHODS = {"predict": "inference", "train": "trainable"}


def cards(modules: environments.Environments) -> Iterator[tuple[str, reading.Imported, str]]:
    """Give each installed module's name, its card, and why the module could not be asked; empty when it could."""
    for module in modules.list():
        description: Mapping[str, Any] = {}
        trouble = ""
        try:
            description = modules.describe(module)
        except errors.PelagosError as error:
            trouble = f"{module.name}: {error.message}"
        yield module.name, _imported(module, description), trouble


def _imported(module: environments.Installed, description: Mapping[str, Any]) -> reading.Imported:
    read = _of_folder(module) or _of_text(module, description.get("card")) or reading.Imported(None)
    found = read.card or _of_facts(module, description)
    said = {"version": module.version} | found.plain() | {"name": module.name}
    for method, ability in _METHODS.items():
        if method in description:
            said.setdefault(ability, description[method] is not None)
    return dataclasses.replace(read, card=card.Card.model_validate(said))


def _of_folder(module: environments.Installed) -> reading.Imported | None:
    if module.folder is None or not module.folder.is_dir():
        return None
    read = folders.read(module.folder, module.name)
    return read if read.card is not None or read.broken else None


def _of_text(module: environments.Installed, text: str | None) -> reading.Imported | None:
    return native.read(module.name, text) if text else None


def _of_facts(module: environments.Installed, description: Mapping[str, Any]) -> card.Card:
    facts = description.get("metadata", {})
    licence = facts.get("license-expression") or facts.get("license")
    said = {
        "name": module.name,
        "title": str(facts.get("title") or module.name)[:200],
        "summary": str(description.get("summary", ""))[:2000],
        "licence": licences.spdx(licence) if isinstance(licence, str) else None,
    }
    try:
        return card.Card.model_validate(said)
    except pydantic.ValidationError:
        return card.Card(name=module.name, title=module.name)
