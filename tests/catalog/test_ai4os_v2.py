"""AI4OS cards, version 2."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import yaml

from catalog import sources
from pelagos.catalog import ai4os_v2


class TestRead:
    def test_makes_a_card(self) -> None:
        found = ai4os_v2.read("plankton-counter", sources.own("ai4-metadata.yml")).card

        assert found is not None
        assert found.created == datetime.date(2019, 1, 31)
        assert found.updated == datetime.date(2024, 8, 12)
        assert (found.trainable, found.inference, found.pretrained) == (True, None, True)
        assert (found.tasks, found.libraries, found.inputs) == (("computer-vision",), ("TensorFlow",), ("image",))
        assert found.citation.doi == "10.1234/plankton.1"
        assert found.resources.predict is not None
        assert (found.resources.predict.cpus, found.resources.predict.memory_mb) == (2, 4000)
        assert found.extra["resources"] == {"inference": {"colour": "red"}}

    def test_takes_names_of_version_1_and_says_so(self) -> None:
        found = ai4os_v2.read("a", sources.own("ai4-metadata.yml"))

        assert found.card is not None
        assert found.card.links.dataset == "https://plankton.example.org/data"
        (fault,) = found.faults
        assert (fault.line, fault.column, fault.field) == (14, 3, "links.dataset_url")
        assert "dataset" in fault.suggestion

    def test_reads_what_is_right_beside_what_is_wrong(self) -> None:
        text = (
            "title: 3\nsummary: fine\ndates:\n  created: soon\ndoi: none\nlinks:\n  docker_image: 'a b'\ntags: {a: b}\n"
        )

        found = ai4os_v2.read("a", text)

        assert found.card is not None
        assert (found.card.title, found.card.summary) == ("a", "fine")
        assert found.card.extra == {
            "title": 3,
            "dates": {"created": "soon"},
            "doi": "none",
            "links": {"docker_image": "a b"},
            "tags": {"a": "b"},
        }
        wrong = {fault.field: fault.line for fault in found.faults if fault.severity == "error"}
        assert wrong == {"title": 1, "dates.created": 4, "doi": 5, "links.docker_image": 7, "tags": 8}

    @pytest.mark.parametrize(
        "path", [sources.OWN / "ai4-metadata.yml", *sources.real("ai4-metadata.yml")], ids=lambda path: path.name
    )
    def test_loses_nothing(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")

        found = ai4os_v2.read("a", text).card

        assert found is not None
        kept = list(sources.leaves(found.plain()))
        assert [leaf for leaf in sources.leaves(yaml.load(text, yaml.BaseLoader)) if not said(leaf, kept)] == []


def said(leaf: str, kept: list[object]) -> bool:
    """Whether a text of the source is among the values of the card, which may be numbers."""
    return leaf in kept or any(yaml.safe_load(leaf) == value for value in kept if not isinstance(value, str))


@sources.needs_real_cards
class TestRealCards:
    def test_are_all_read_without_error(self) -> None:
        found = [ai4os_v2.read("a", path.read_text(encoding="utf-8")) for path in sources.real("ai4-metadata.yml")]

        assert len(found) == 20
        assert all(each.card and each.card.links.source and each.card.created for each in found)
        assert [str(fault) for each in found for fault in each.faults if fault.severity == "error"] == []
