"""Two cards of one module become one: what both say must agree, and what only one says is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from pelagos.catalog import card, faults, licences, reading

_TEXTS = ("title", "summary", "readme", "version", "category", "intended_use", "limitations")
"""Texts may be worded differently without contradicting one another."""
_FACTS = ("licence", "created", "updated", "trainable", "inference", "pretrained")
_GROUPS = ("links", "citation")
_WORDS = ("tasks", "libraries", "inputs", "outputs", "tags")
_RECORDS = ("authors", "datasets", "weights", "metrics", "examples", "resources")
_REPOSITORY = re.compile(r"(\.git)?/*$")


def merge(first: reading.Imported, second: reading.Imported, *, first_file: str, second_file: str) -> reading.Imported:
    """Complete a card with another one of the same module. The first one counts; where the other says differently, that
    is a fault, and what it says is kept in `extra` under the name of its file."""
    broken = first.broken or second.broken
    if first.card is None or second.card is None or first.broken:
        return reading.Imported(second.card or first.card, (*first.faults, *second.faults), broken)
    contradicted = tuple(
        faults.Fault(
            second_file,
            f"“{theirs}” contradicts “{ours}” in {first_file}.",
            "Correct the one that is wrong.",
            field,
            severity=faults.Severity.WARNING,
        )
        for field, ours, theirs in contradictions(first.card, second.card)
    )
    return reading.Imported(
        _completed(first.card, second.card, second_file), (*first.faults, *second.faults, *contradicted), broken
    )


def contradictions(first: card.Card, second: card.Card) -> tuple[tuple[str, str, str], ...]:
    """List the facts that two cards state differently: the field, and what each says."""
    found = []
    for field, ours, theirs in _stated_by_both(first, second):
        if not _same(field, ours, theirs):
            found.append((field, str(ours), str(theirs)))
    return tuple(found)


def _stated_by_both(first: card.Card, second: card.Card) -> Iterable[tuple[str, Any, Any]]:
    pairs = [(field, getattr(first, field), getattr(second, field)) for field in _FACTS]
    for group in _GROUPS:
        ours, theirs = getattr(first, group), getattr(second, group)
        names = [name for name in type(ours).model_fields if name not in {"extra", "text", "cff"}]
        pairs += [(f"{group}.{name}", getattr(ours, name), getattr(theirs, name)) for name in names]
    return [pair for pair in pairs if pair[1] is not None and pair[2] is not None]


def _same(field: str, ours: Any, theirs: Any) -> bool:
    if field == "licence":
        return not licences.contradict(ours, theirs)
    if isinstance(ours, str) and "://" in ours:
        return _address(ours) == _address(theirs)
    return bool(ours == theirs)


def _address(said: str) -> tuple[str, str, str]:
    """Give what tells addresses apart: http and https, `.git` and a last slash do not."""
    parts = urlsplit(said.strip())
    return (parts.hostname or "").removeprefix("www."), _REPOSITORY.sub("", parts.path), parts.query


def _completed(first: card.Card, second: card.Card, file: str) -> card.Card:
    ours, theirs = first.plain(), second.plain()
    changed: dict[str, Any] = {}
    for field in (*_TEXTS, *_FACTS, *_RECORDS):
        if field in theirs and ours.setdefault(field, theirs[field]) != theirs[field]:
            changed[field] = theirs[field]
    for field in _WORDS:
        if field in theirs:
            ours[field] = _union(ours.get(field, ()), theirs[field])
            if not set(theirs[field]) <= set(ours[field]):
                changed[field] = theirs[field]
    for field in _GROUPS:
        group = theirs.get(field, {})
        merged = group | ours.get(field, {})
        different = {key: value for key, value in group.items() if merged[key] != value}
        ours |= {field: merged} if merged else {}
        changed |= {field: different} if different else {}
    kept = changed | theirs.get("extra", {})
    extra = {**ours.get("extra", {}), **({file: kept} if kept else {})}
    return card.Card.model_validate({**ours, "extra": extra} if extra else ours)


def _union(ours: Iterable[str], theirs: Iterable[str]) -> list[str]:
    words: Mapping[str, str] = {word.casefold(): word for word in (*theirs, *ours)}
    order = dict.fromkeys(word.casefold() for word in (*ours, *theirs))
    return [words[word] for word in order]
