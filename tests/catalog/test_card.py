"""What a card takes, keeps and refuses."""

from __future__ import annotations

import json
from typing import Any

import pydantic
import pytest

from catalog import sources
from pelagos.catalog import card


def made(**said: Any) -> card.Card:
    """A card that says the least, and this."""
    return card.Card.model_validate({"name": "flowers", "title": "Flowers", **said})


class TestCard:
    def test_gives_back_what_it_was_made_of(self) -> None:
        whole = {
            "authors": [{"name": "Ada", "orcid": "0000-0002-1825-0097"}],
            "licence": "MIT OR Apache-2.0",
            "created": "2024-02-29",
            "tasks": ["image-classification"],
            "weights": [{"sha256": "0" * 64, "size_mb": 18.8}],
            "examples": [{"input": {"image": "a.jpg"}, "expected": {"label": "rose"}, "tolerance": 0.01}],
            "resources": {"predict": {"cpus": 1.0}},
            "trainable": False,
        }

        assert made(**whole).plain() == {"name": "flowers", "title": "Flowers", **whole}

    def test_keeps_keys_that_it_does_not_know(self) -> None:
        found = made(colour="red", links={"shop": "x"}, authors=[{"name": "Ada", "hat": 1}], extra={"a": 1})

        assert found.extra == {"a": 1, "colour": "red"}
        assert found.links.extra == {"shop": "x"}
        assert found.authors[0].extra == {"hat": 1}
        assert card.Card.model_validate(found.plain()) == found

    def test_writes_the_licence_as_spdx_does(self) -> None:
        assert made(license="Apache 2.0").licence == "Apache-2.0"

    @pytest.mark.parametrize(
        "said",
        [
            {"name": "../etc"},
            {"name": ""},
            {"title": ""},
            {"licence": "my own"},
            {"created": "soon"},
            {"created": 0},
            {"trainable": "yes"},
            {"metrics": [{"name": "a", "value": "0.9"}]},
            {"links": {"source": "javascript:alert(1)"}},
            {"links": {"source": "https://nobody"}},
            {"links": {"container": "a b; rm"}},
            {"authors": [{"name": "Ada", "orcid": "0000-0002-1825-0098"}]},
            {"citation": {"doi": "11.1/2"}},
            {"weights": [{"sha256": "xyz"}]},
            {"metrics": [{"name": "a", "value": float("nan")}]},
            {"status": "superseded"},
            {"extra": 3},
        ],
        ids=str,
    )
    def test_refuses_what_cannot_be(self, said: dict[str, Any]) -> None:
        with pytest.raises(pydantic.ValidationError):
            made(**said)

    def test_takes_an_orcid_and_a_doi_as_addresses(self) -> None:
        found = made(
            authors=[{"name": "Ada", "orcid": "https://orcid.org/0000-0002-9079-593X"}],
            citation={"doi": "https://doi.org/10.5281/zenodo.1"},
        )

        assert found.authors[0].orcid == "0000-0002-9079-593X"
        assert found.citation.doi == "10.5281/zenodo.1"


class TestJsonSchema:
    def test_is_published_as_it_is(self) -> None:
        published = (sources.ROOT / "docs" / "guide" / "card.schema.json").read_text()

        assert json.loads(published) == card.json_schema()

    def test_describes_every_field(self) -> None:
        schema = card.json_schema()

        parts = [schema, *schema["$defs"].values()]
        fields = [field for part in parts for field in part.get("properties", {}).items()]
        assert len(fields) > 60
        assert [name for name, field in fields if not field.get("description")] == []
