"""Import of DEEP's cards: `metadata.json`, version 1."""

from __future__ import annotations

from typing import Any

from pelagos.catalog import json_document, reading, wording

FILE = "metadata.json"
_CHILD = "ai4-template-child/"
"""A child of another module: its `code` is the parent's, its own repository is that of its Dockerfile."""
_LEAST = ("title", "summary", "description", "keywords", "license", "date_creation", "sources")


def read(name: str, text: str, file: str = FILE) -> reading.Imported:
    """Make a card of a DEEP V1 text. Never raises for what is in it: the faults say what is wrong and where."""
    source = reading.Reading(json_document.read(file, text))
    for key in _LEAST:
        if source.look(key) is None:
            source.warn("This key of the format is missing.", f'Add "{key}".', key)
    source.move(("title",), "title")
    source.move(("summary",), "summary")
    source.move(("created",), "date_creation")
    _description(source)
    source.licence("license")
    _keywords(source)
    _links(source)
    return source.finish(name)


def _description(source: reading.Reading) -> None:
    said = source.look("description")
    lines = [said] if isinstance(said, str) else said
    if lines is not None and not _texts(lines):
        source.say("The description is no list of lines.", "Write a list of texts.", "description")
    elif lines:
        source.put(("readme",), "\n".join(lines), "description", whole=True)


def _keywords(source: reading.Reading) -> None:
    said = source.look("keywords")
    if said is None:
        return
    if not _texts(said):
        source.say("The keywords are no list of words.", "Write a list of texts.", "keywords")
        return
    source.put(("tags",), wording.tags(said) or None, "keywords")
    source.put(("libraries",), wording.known(said, wording.LIBRARIES) or None, "keywords")
    source.put(("inputs",), wording.known(said, wording.KINDS_OF_DATA) or None, "keywords")
    source.put(("tasks",), wording.known(said, wording.TASKS) or None, "keywords")
    source.put(("category",), next(iter(wording.known(said, wording.CATEGORIES)), None), "keywords")
    for ability in wording.known(said, wording.ABILITIES):
        source.put((ability,), True, "keywords")


def _links(source: reading.Reading) -> None:
    template = source.look("sources", "ai4_template")
    if isinstance(template, str) and template.startswith(_CHILD):
        source.address(("links", "source"), "sources", "dockerfile_repo")
        source.address(("links", "base_model"), "sources", "code")
    source.address(("links", "source"), "sources", "code")
    source.address(("links", "source"), "sources", "dockerfile_repo")
    container = source.look("sources", "docker_registry_repo")
    if isinstance(container, str) and container.strip():
        source.put(("links", "container"), container.strip(), "sources", "docker_registry_repo")
    source.address(("links", "weights"), "sources", "pre_trained_weights")
    source.address(("links", "training_files"), "training_files_url")
    source.address(("links", "dataset"), "dataset_url")
    source.address(("citation", "url"), "cite_url")


def _texts(said: Any) -> bool:
    return isinstance(said, list) and all(isinstance(each, str) for each in said)
