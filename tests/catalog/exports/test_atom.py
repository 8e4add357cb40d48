"""The feed."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from catalog import shelf
from pelagos.catalog import card
from pelagos.catalog.exports import atom

SPACE = {"a": "http://www.w3.org/2005/Atom"}


def feed(*cards: card.Card) -> ET.Element:
    """The feed of these cards, read back."""
    written = atom.atom(
        cards,
        title="All",
        address="https://hub.example.org/feed",
        page=lambda name: f"https://hub.example.org/modules/{name}",
        now=shelf.NOW,
    )
    return ET.fromstring(written)


class TestAtom:
    def test_has_an_entry_for_each_card(self) -> None:
        found = feed(shelf.made("a", updated="2024-01-02", tags=["x"]), shelf.made("b"))

        entries = found.findall("a:entry", SPACE)
        assert [entry.findtext("a:id", namespaces=SPACE) for entry in entries] == [
            "https://hub.example.org/modules/a",
            "https://hub.example.org/modules/b",
        ]
        assert entries[0].findtext("a:updated", namespaces=SPACE) == "2024-01-02T00:00:00Z"
        assert found.findtext("a:updated", namespaces=SPACE) == "2026-05-01T12:00:00Z"

    def test_of_nothing_is_a_feed(self) -> None:
        assert feed().findtext("a:title", namespaces=SPACE) == "All"

    def test_holds_any_text(self) -> None:
        found = feed(shelf.made("a", title="<b>&\x00\x08 ü \U0001f41f ]]>", tags=["\x1bq"]))

        assert found.findtext("a:entry/a:title", namespaces=SPACE) == "<b>& ü \U0001f41f ]]>"
