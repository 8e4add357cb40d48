"""All formats in which a card can be downloaded."""

from __future__ import annotations

import dataclasses
import datetime
import json
from collections.abc import Callable, Mapping
from typing import Any

from pelagos.catalog import card
from pelagos.catalog.exports import cff, citing, linked_data


@dataclasses.dataclass(frozen=True)
class Format:
    """A way to write a card."""

    title: str
    """What people call it."""
    file: str
    """The name of a download; `{name}` is the module's."""
    media_type: str
    write: Callable[[card.Card, str, datetime.datetime], str]
    """From the card, the address of its page and the moment."""


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


FORMATS: Mapping[str, Format] = {
    "json": Format(
        "JSON",
        "{name}.json",
        "application/json",
        lambda each, _address, _now: _json(each.plain()),
    ),
    "codemeta": Format(
        "CodeMeta",
        "codemeta.json",
        "application/ld+json",
        lambda each, address, _now: _json(linked_data.codemeta(each, address)),
    ),
    "ro-crate": Format(
        "RO-Crate",
        "ro-crate-metadata.json",
        "application/ld+json",
        lambda each, address, now: _json(linked_data.ro_crate(each, now, address)),
    ),
    "json-ld": Format(
        "JSON-LD",
        "{name}.jsonld",
        "application/ld+json",
        lambda each, address, _now: _json(linked_data.json_ld(each, address)),
    ),
    "cff": Format("CITATION.cff", "CITATION.cff", "application/yaml", lambda each, _address, _now: cff.cff(each)),
    "bibtex": Format(
        "BibTeX", "{name}.bib", "application/x-bibtex", lambda each, address, _now: citing.bibtex(each, address)
    ),
    "apa": Format("APA", "{name}.txt", "text/plain", lambda each, address, _now: citing.apa(each, address) + "\n"),
    "ris": Format(
        "RIS",
        "{name}.ris",
        "application/x-research-info-systems",
        lambda each, address, _now: citing.ris(each, address),
    ),
}
"""By the name that addresses and commands use."""
