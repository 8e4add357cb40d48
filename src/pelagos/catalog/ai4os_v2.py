"""Import of AI4OS cards: `ai4-metadata.yml`, version 2."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pelagos.catalog import card, documents, reading, wording, yaml_document

FILES = ("ai4-metadata.yml", "ai4-metadata.yaml")
_LEAST = ("metadata_version", "title", "summary", "description", "dates", "links", "tags", "tasks", "categories")
_MOVED: dict[documents.Keys, documents.Keys] = {
    ("title",): ("title",),
    ("summary",): ("summary",),
    ("description",): ("readme",),
    ("dates", "created"): ("created",),
    ("dates", "updated"): ("updated",),
}
_ADDRESSES: dict[documents.Keys, documents.Keys] = {
    ("links", "source_code"): ("links", "source"),
    ("links", "documentation"): ("links", "documentation"),
    ("links", "weights"): ("links", "weights"),
    ("links", "dataset"): ("links", "dataset"),
    ("links", "base_model"): ("links", "base_model"),
    ("links", "training_data"): ("links", "training_files"),
    ("links", "citation"): ("citation", "url"),
}
_OLD_NAMES: dict[str, tuple[str, documents.Keys]] = {
    "dataset_url": ("dataset", ("links", "dataset")),
    "training_files_url": ("training_data", ("links", "training_files")),
    "cite_url": ("citation", ("citation", "url")),
}
"""Names of version 1 that are met in version 2: what to write instead, and where they belong on the card."""
_WORDS: dict[str, tuple[str, Callable[[Iterable[str]], list[str]]]] = {
    "tags": ("tags", wording.tags),
    "tasks": ("tasks", wording.tasks),
    "libraries": ("libraries", wording.libraries),
    "data-type": ("inputs", wording.kinds_of_data),
}
_AMOUNTS = {
    "cpu": "cpus",
    "gpu": "gpus",
    "memory_MB": "memory_mb",
    "gpu_memory_MB": "gpu_memory_mb",
    "gpu_compute_capability": "gpu_compute_capability",
    "storage_MB": "storage_mb",
}
_RUNS = {"inference": "predict", "training": "train"}


def read(name: str, text: str, file: str = FILES[0]) -> reading.Imported:
    """Make a card of an AI4OS V2 text. Never raises for what is in it: the faults say what is wrong and where."""
    source = reading.Reading(yaml_document.read(file, text))
    for key in _LEAST:
        if source.look(key) is None:
            source.warn("This key of the format is missing.", f"Add “{key}:”.", key)
    for keys, field in _MOVED.items():
        source.move(field, *keys)
    _links(source)
    for key, (ours, reword) in _WORDS.items():
        source.put((ours,), reword(_words(source, key)) or None, key)
    _abilities(source)
    _doi(source)
    for run, purpose in _RUNS.items():
        for amount, unit in _AMOUNTS.items():
            source.move(("resources", purpose, unit), "resources", run, amount)
    return source.finish(name)


def _links(source: reading.Reading) -> None:
    for keys, field in _ADDRESSES.items():
        source.address(field, *keys)
    for old, (new, field) in _OLD_NAMES.items():
        if source.look("links", old) is not None:
            source.warn(f"“{old}” is the name of version 1.", f"Rename it to “{new}”.", "links", old)
            source.address(field, "links", old)
    container = source.look("links", "docker_image")
    if isinstance(container, str) and container.strip():
        source.put(("links", "container"), container.strip(), "links", "docker_image")


def _abilities(source: reading.Reading) -> None:
    for ability in wording.known(_words(source, "categories"), wording.ABILITIES):
        source.put((ability,), True, "categories")
    category = next(iter(wording.known(_words(source, "tags"), wording.CATEGORIES)), None)
    source.put(("category",), category, "tags")


def _doi(source: reading.Reading) -> None:
    said = source.look("doi")
    if not isinstance(said, str):
        return
    try:
        source.put(("citation", "doi"), card.doi(said), "doi")
    except ValueError as error:
        source.say(f"“{said}” is no DOI: {error}.", "Correct it, or remove the key.", "doi")


def _words(source: reading.Reading, key: str) -> list[str]:
    said: Any = source.look(key)
    words = [said] if isinstance(said, str) else said
    if words is None:
        return []
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        source.say("This is no list of words.", "Write a list, a line each: “- word”.", key)
        return []
    return words
