"""Import of a native module's card: `module.toml`, whose keys are the card's own."""

from __future__ import annotations

from pelagos.catalog import card, reading, toml_document

FILE = "module.toml"
_OTHER_NAMES = {"task": "tasks", "license": "licence"}


def read(name: str, text: str, file: str = FILE) -> reading.Imported:
    """Make a card of a native module's text. Never raises for what is in it: the faults say what is wrong and where."""
    document = toml_document.read(file, text)
    source = reading.Reading(document)
    for key in document.value:
        field = _OTHER_NAMES.get(key, key)
        if field == "licence":
            source.licence(key)
        elif field in card.Card.model_fields and field != "extra":
            said = source.look(key)
            source.put((field,), [said] if field == "tasks" and isinstance(said, str) else said, key, whole=True)
    return source.finish(name)
