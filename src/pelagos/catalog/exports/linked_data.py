"""The card as linked data: schema.org with FAIR4ML in pages, CodeMeta and RO-Crate as files.

https://schema.org, https://w3id.org/fair4ml, https://w3id.org/codemeta/3.0, https://w3id.org/ro/crate/1.1
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

from pelagos.catalog import card

_FAIR4ML = "https://w3id.org/fair4ml/"
_CODEMETA = "https://w3id.org/codemeta/3.0"
_CRATE = "https://w3id.org/ro/crate/1.1"
_LANGUAGE = "Python"


def json_ld(each: card.Card, address: str) -> dict[str, Any]:
    """Describe the module for search engines: a SoftwareSourceCode that is a FAIR4ML MLModel. `address` is its page."""
    trained_on = [{"@type": "Dataset", "name": one.name, "url": one.url} for one in each.datasets]
    if each.links.dataset:
        trained_on.append({"@type": "Dataset", "name": each.links.dataset, "url": each.links.dataset})
    return _said(
        {
            "@context": ["https://schema.org/", {"fair4ml": _FAIR4ML}],
            "@id": address,
            "@type": ["SoftwareSourceCode", "fair4ml:MLModel"],
            **_common(each),
            "url": address,
            "codeRepository": each.links.source,
            "fair4ml:mlTask": list(each.tasks),
            "fair4ml:trainedOn": [_said(one) for one in trained_on],
            "fair4ml:fineTunedFrom": each.links.base_model,
            "fair4ml:intendedUse": each.intended_use,
            "fair4ml:modelRisksBiasLimitations": each.limitations,
            "fair4ml:evaluationMetrics": [f"{one.name}: {one.value:g}{one.unit}" for one in each.metrics],
        }
    )


def codemeta(each: card.Card, address: str = "") -> dict[str, Any]:
    """Write codemeta.json, version 3.0."""
    return _said(
        {
            "@context": _CODEMETA,
            "@type": "SoftwareSourceCode",
            **_common(each),
            "url": address,
            "codeRepository": each.links.source,
            "softwareRequirements": list(each.libraries),
            "developmentStatus": "inactive" if each.status == card.Status.WITHDRAWN else "active",
            "readme": each.links.documentation,
            "referencePublication": each.links.paper,
        }
    )


def ro_crate(each: card.Card, now: datetime.datetime, address: str = "") -> dict[str, Any]:
    """Write ro-crate-metadata.json, version 1.1, of a crate that holds the card (`card.json`) and its README."""
    people = {_person_id(author, place): author for place, author in enumerate(each.authors)}
    licence = _licence(each)
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": each.title,
        "description": each.summary or each.title,
        "datePublished": (each.updated or each.created or now.date()).isoformat(),
        "license": {"@id": licence} if licence else "",
        "author": [{"@id": person} for person in people],
        "hasPart": [{"@id": "card.json"}, *([{"@id": "README.md"}] if each.readme else [])],
        "mentions": {"@id": "#module"},
    }
    module = {"@id": "#module", "@type": "SoftwareSourceCode", **_common(each), "url": address}
    module |= {"author": [{"@id": person} for person in people], "license": root["license"]}
    parts: list[dict[str, Any]] = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": _CRATE},
            "about": {"@id": "./"},
        },
        root,
        module,
        {"@id": "card.json", "@type": "File", "name": "The card", "encodingFormat": "application/json"},
        {"@id": "README.md", "@type": "File", "encodingFormat": "text/markdown"} if each.readme else {},
        {"@id": licence, "@type": "CreativeWork", "name": each.licence} if licence else {},
        *({**_person(author), "@id": person} for person, author in people.items()),
    ]
    return {"@context": f"{_CRATE}/context", "@graph": [_said(part) for part in parts if part]}


def in_page(content: Mapping[str, Any]) -> str:
    """Write JSON that can stand inside a `<script>` element: nothing in it can end the element."""
    text = json.dumps(content, ensure_ascii=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _common(each: card.Card) -> dict[str, Any]:
    return {
        "name": each.title,
        "alternateName": each.name,
        "description": each.summary,
        "version": each.version,
        "author": [_person(author) for author in each.authors],
        "license": _licence(each),
        "dateCreated": each.created.isoformat() if each.created else "",
        "dateModified": each.updated.isoformat() if each.updated else "",
        "keywords": list(each.tags),
        "applicationCategory": each.category,
        "programmingLanguage": _LANGUAGE,
        "identifier": f"https://doi.org/{each.citation.doi}" if each.citation.doi else "",
    }


def _person(author: card.Author) -> dict[str, Any]:
    affiliation = {"@type": "Organization", "name": author.affiliation} if author.affiliation else ""
    identity = f"https://orcid.org/{author.orcid}" if author.orcid else ""
    fields = {"@type": "Person", "@id": identity, "name": author.name, "affiliation": affiliation, "url": author.url}
    return _said(fields)


def _person_id(author: card.Author, place: int) -> str:
    return f"https://orcid.org/{author.orcid}" if author.orcid else f"#author-{place + 1}"


def _licence(each: card.Card) -> str:
    if not each.licence:
        return ""
    return each.licence if " " in each.licence else f"https://spdx.org/licenses/{each.licence}"


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}
