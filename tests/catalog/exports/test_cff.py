"""CITATION.cff."""

from __future__ import annotations

import yaml

from catalog import shelf
from pelagos.catalog.exports import cff


class TestCff:
    def test_says_what_the_card_says(self) -> None:
        card = shelf.made(
            "a",
            title="A: one",
            authors=[{"name": "Ada Lovelace", "orcid": "0000-0002-1825-0097"}, {"name": "NASA"}],
            licence="MIT",
            created="2024-01-02",
            citation={"doi": "10.5281/zenodo.1"},
        )

        content = yaml.safe_load(cff.cff(card))

        assert content == {
            "cff-version": "1.2.0",
            "message": "If you use this module, please cite it as below.",
            "type": "software",
            "title": "A: one",
            "authors": [
                {"family-names": "Lovelace", "given-names": "Ada", "orcid": "https://orcid.org/0000-0002-1825-0097"},
                {"name": "NASA"},
            ],
            "date-released": "2024-01-02",
            "license": "MIT",
            "doi": "10.5281/zenodo.1",
        }

    def test_names_somebody_even_if_the_card_does_not(self) -> None:
        assert yaml.safe_load(cff.cff(shelf.made("a")))["authors"] == [{"name": "The authors of A"}]

    def test_is_the_authors_own_where_there_is_one(self) -> None:
        own = {"cff-version": "1.2.0", "title": "Mine", "authors": [{"name": "Me"}]}

        assert yaml.safe_load(cff.cff(shelf.made("a", citation={"cff": own}))) == own
