"""The card as linked data."""

from __future__ import annotations

import json
from typing import Any

from catalog import shelf
from pelagos.catalog.exports import linked_data

CARD = shelf.made(
    "plankton",
    summary="Counts.",
    readme="# Hi",
    authors=[{"name": "Ada", "orcid": "0000-0002-1825-0097", "affiliation": "Sea"}, {"name": "Bob"}],
    licence="MIT",
    tasks=["object-detection"],
    created="2024-01-02",
    datasets=[{"name": "Pictures", "url": "https://data.example.org/p"}],
    links={"source": "https://github.com/e/p", "base_model": "https://github.com/e/base"},
    limitations="Only water.",
)
ADDRESS = "https://hub.example.org/modules/plankton"


class TestJsonLd:
    def test_is_a_model_of_fair4ml(self) -> None:
        found = linked_data.json_ld(CARD, ADDRESS)

        assert found["@type"] == ["SoftwareSourceCode", "fair4ml:MLModel"]
        assert found["fair4ml:mlTask"] == ["object-detection"]
        assert found["fair4ml:trainedOn"] == [
            {"@type": "Dataset", "name": "Pictures", "url": "https://data.example.org/p"}
        ]
        assert found["license"] == "https://spdx.org/licenses/MIT"
        assert found["author"][0]["@id"] == "https://orcid.org/0000-0002-1825-0097"

    def test_says_nothing_that_the_card_does_not(self) -> None:
        found = linked_data.json_ld(shelf.made("a"), ADDRESS)

        assert set(found) == {"@context", "@id", "@type", "name", "alternateName", "programmingLanguage", "url"}


class TestCodemeta:
    def test_has_its_context_and_type(self) -> None:
        found = linked_data.codemeta(CARD, ADDRESS)

        assert (found["@context"], found["@type"]) == ("https://w3id.org/codemeta/3.0", "SoftwareSourceCode")
        assert found["codeRepository"] == "https://github.com/e/p"


class TestRoCrate:
    def test_points_only_to_what_it_describes(self) -> None:
        graph = linked_data.ro_crate(CARD, shelf.NOW, ADDRESS)["@graph"]

        described = {part["@id"] for part in graph}
        assert list(pointed(graph)) != []
        assert set(pointed(graph)) <= described | {"https://w3id.org/ro/crate/1.1"}

    def test_begins_with_its_descriptor_and_root(self) -> None:
        descriptor, root, *_ = linked_data.ro_crate(CARD, shelf.NOW)["@graph"]

        assert descriptor["@id"] == "ro-crate-metadata.json"
        assert descriptor["about"] == {"@id": "./"}
        assert {"@id", "@type", "name", "description", "datePublished", "license"} <= set(root)

    def test_of_the_least_card_is_whole(self) -> None:
        graph = linked_data.ro_crate(shelf.made("a"), shelf.NOW)["@graph"]

        assert [part["@id"] for part in graph] == ["ro-crate-metadata.json", "./", "#module", "card.json"]
        assert graph[1]["datePublished"] == "2026-05-01"


def pointed(value: Any) -> list[str]:
    """All ids that are only pointed to."""
    if isinstance(value, list):
        return [found for member in value for found in pointed(member)]
    if not isinstance(value, dict):
        return []
    if set(value) == {"@id"}:
        return [value["@id"]]
    return [found for member in value.values() for found in pointed(member)]


class TestInPage:
    def test_lets_nothing_end_the_element(self) -> None:
        written = linked_data.in_page({"name": "</script><script>alert(1)</script><!-- & ü"})

        assert not set("<>&") & set(written)
        assert json.loads(written)["name"].endswith("& ü")
