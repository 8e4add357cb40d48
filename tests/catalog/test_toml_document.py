"""TOML: the places of its keys."""

from __future__ import annotations

from pelagos.catalog import toml_document

TEXT = 'title = "a"\n[[authors]]\nname = "b"\n[[authors]]\n name = "c"\n[authors.office]\nroom = 1\n[a.b]\nc.d = 2\n'


class TestRead:
    def test_knows_the_place_of_every_key(self) -> None:
        document = toml_document.read("module.toml", TEXT)

        assert document.position(("title",)) == (1, 1)
        assert document.position(("authors", 1, "name")) == (5, 2)
        assert document.position(("authors", 1, "office", "room")) == (7, 1)
        assert document.position(("a", "b", "c", "d")) == (9, 1)

    def test_places_a_fault(self) -> None:
        (fault,) = toml_document.read("module.toml", 'title = "a"\nsummary = what\n').faults

        assert (fault.line, fault.column) == (2, 11)
        assert "TOML" in fault.message
