"""CITATION.cff, version 1.2.0 (https://citation-file-format.github.io/)."""

from __future__ import annotations

from typing import Any

import yaml

from pelagos.catalog import card
from pelagos.catalog.exports import citing


def cff(each: card.Card) -> str:
    """Write CITATION.cff: the author's own where there is one, else what the card says."""
    content = dict(each.citation.cff) or _content(each)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _content(each: card.Card) -> dict[str, Any]:
    dated = each.updated or each.created
    fields = {
        "cff-version": "1.2.0",
        "message": "If you use this module, please cite it as below.",
        "type": "software",
        "title": each.title,
        # The format wants one at least.
        "authors": [_person(author) for author in each.authors] or [{"name": f"The authors of {each.title}"}],
        "abstract": each.summary,
        "version": each.version,
        "date-released": dated.isoformat() if dated else "",
        "license": each.licence if each.licence and " " not in each.licence else "",
        "doi": each.citation.doi or "",
        "repository-code": each.links.source or "",
        "url": each.links.documentation or "",
        "keywords": list(each.tags),
    }
    return {name: value for name, value in fields.items() if value}


def _person(author: card.Author) -> dict[str, str]:
    family, given = citing.family_and_given(author.name)
    orcid = f"https://orcid.org/{author.orcid}" if author.orcid else ""
    named = {"family-names": family, "given-names": given} if given else {"name": author.name}
    fields = {**named, "orcid": orcid, "affiliation": author.affiliation, "email": author.email}
    if not given:
        fields.pop("affiliation")  # Of persons only: a single name may be a group.
    return {name: value for name, value in fields.items() if value}
