"""An Atom feed of the catalog, whole or of a tag or a category (RFC 4287)."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from pelagos.catalog import card

_NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def atom(
    cards: Sequence[card.Card],
    *,
    title: str,
    address: str,
    page: Callable[[str], str],
    now: datetime.datetime,
) -> bytes:
    """Write the feed. `address` is its own, `page` gives a card's by its name, `now` dates cards without a date."""
    feed = ET.Element("feed", xmlns=_NAMESPACE)
    _text(feed, "id", address)
    _text(feed, "title", title)
    _text(feed, "updated", max((_dated(each, now) for each in cards), default=_moment(now)))
    ET.SubElement(feed, "link", rel="self", type="application/atom+xml", href=address)
    _text(ET.SubElement(feed, "author"), "name", "Pelagos")
    for each in cards:
        _entry(feed, each, page(each.name), now)
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: ET.Element, each: card.Card, address: str, now: datetime.datetime) -> None:
    entry = ET.SubElement(feed, "entry")
    _text(entry, "id", address)
    _text(entry, "title", each.title)
    _text(entry, "updated", _dated(each, now))
    if each.created:
        _text(entry, "published", f"{each.created}T00:00:00Z")
    ET.SubElement(entry, "link", rel="alternate", href=address)
    _text(entry, "summary", each.summary or each.title)
    for author in each.authors:
        _text(ET.SubElement(entry, "author"), "name", author.name)
    for word in (*each.tags, *([each.category] if each.category else [])):
        ET.SubElement(entry, "category", term=_clean(word))


def _dated(each: card.Card, now: datetime.datetime) -> str:
    date = each.updated or each.created
    return f"{date}T00:00:00Z" if date else _moment(now)


def _moment(now: datetime.datetime) -> str:
    return now.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _clean(text)


def _clean(text: str) -> str:
    """Leave out what no XML may hold, escaped or not."""
    return _NOT_XML.sub("", text)
