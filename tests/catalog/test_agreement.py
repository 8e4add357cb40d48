"""Two cards of one module: what both say agrees, what one says is kept."""

from __future__ import annotations

import json

import pytest

from catalog import sources
from pelagos.catalog import agreement, ai4os_v2, deep_v1, reading


def merged(first: reading.Imported, second: reading.Imported) -> reading.Imported:
    """Version 2, completed with version 1."""
    return agreement.merge(first, second, first_file="ai4-metadata.yml", second_file="metadata.json")


class TestMerge:
    def test_completes_the_first_card(self) -> None:
        v2 = ai4os_v2.read("a", sources.own("ai4-metadata.yml"))
        v1 = deep_v1.read("a", sources.own("metadata.json"))

        found = merged(v2, v1).card

        assert found is not None
        assert found.licence == "Apache-2.0"
        assert found.inference is True
        assert found.tasks == ("computer-vision", "image-classification")
        assert found.links.source == "https://github.com/example/plankton-counter.git"
        assert found.citation.url == "https://doi.org/10.1234/plankton.1"

    def test_loses_nothing_of_either(self) -> None:
        v2 = ai4os_v2.read("a", sources.own("ai4-metadata.yml"))
        v1 = deep_v1.read("a", sources.own("metadata.json"))

        found = merged(v2, v1).card

        assert found is not None
        assert v2.card is not None
        assert v1.card is not None
        kept = list(sources.leaves(found.plain()))
        said = [*sources.leaves(v1.card.plain()), *sources.leaves(v2.card.plain())]
        assert [leaf for leaf in said if leaf not in kept] == []

    def test_reports_a_contradiction_and_keeps_both(self) -> None:
        v2 = ai4os_v2.read("a", "title: A\ndates: {created: '2020-01-01'}\n")
        v1 = deep_v1.read("a", json.dumps({"title": "Another", "date_creation": "2021-01-01"}))

        found = merged(v2, v1)

        assert found.card is not None
        assert found.card.extra["metadata.json"] == {"title": "Another", "created": "2021-01-01"}
        (fault,) = [fault for fault in found.faults if "contradicts" in fault.message]
        assert (fault.field, fault.file) == ("created", "metadata.json")


class TestContradictions:
    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("https://github.com/a/b", "http://github.com/a/b"),
            ("https://github.com/a/b.git", "https://github.com/a/b"),
            ("https://github.com/a/b/", "https://github.com/a/b"),
        ],
    )
    def test_are_not_seen_in_two_ways_to_write_an_address(self, ours: str, theirs: str) -> None:
        first = ai4os_v2.read("a", f"links: {{source_code: '{ours}'}}").card
        second = ai4os_v2.read("a", f"links: {{source_code: '{theirs}'}}").card

        assert first is not None
        assert second is not None
        assert agreement.contradictions(first, second) == ()

    @sources.needs_real_cards
    def test_of_real_cards_are_those_of_their_authors(self) -> None:
        found = set()
        pairs = 0
        for path in sources.real("ai4-metadata.yml"):
            module = path.name.split("__")[1]
            older = path.with_name(path.name.replace("ai4-metadata.yml", "metadata.json"))
            if not older.exists():
                continue
            pairs += 1
            v2 = ai4os_v2.read("a", path.read_text(encoding="utf-8")).card
            v1 = deep_v1.read("a", older.read_text(encoding="utf-8")).card
            assert v1 is not None
            assert v2 is not None
            found |= {(module, field) for field, _, _ in agreement.contradictions(v2, v1)}

        assert pairs == 17
        assert found == {
            ("posenet-tf", "created"),
            ("ai4os-ai4life-loader", "links.source"),
            ("ai4os-ai4life-loader", "links.container"),
            ("UC-lifewatch-DEEP-OC-underwater-noise-classification", "links.source"),
        }
