"""DEEP's cards, version 1."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from catalog import sources
from pelagos.catalog import deep_v1


class TestRead:
    def test_makes_a_card(self) -> None:
        found = deep_v1.read("plankton-counter", sources.own("metadata.json")).card

        assert found is not None
        assert (found.name, found.title) == ("plankton-counter", "Plankton counter")
        assert found.licence == "Apache-2.0"
        assert found.created == datetime.date(2019, 1, 31)
        assert (found.trainable, found.inference, found.pretrained) == (True, True, True)
        assert (found.libraries, found.inputs, found.tasks) == (("TensorFlow",), ("image",), ("image-classification",))
        assert found.tags == ("image classification", "general purpose", "plankton")
        assert found.category == "general purpose"
        assert "species by species.\n\n**References**" in found.readme

    def test_knows_that_the_code_of_a_child_is_its_parents(self) -> None:
        found = deep_v1.read("plankton-counter", sources.own("metadata.json")).card

        assert found is not None
        assert found.links.source == "https://github.com/example/plankton-counter"
        assert found.links.base_model == "http://github.com/example/plankton"

    def test_says_what_its_author_should_look_at(self) -> None:
        found = deep_v1.read("plankton-counter", sources.own("metadata.json")).faults

        assert [(fault.line, fault.field) for fault in found] == [(11, "license"), (15, "training_files_url")]

    def test_reads_what_is_right_beside_what_is_broken(self) -> None:
        text = '{"title": "A",\n "license": "my own",\n "date_creation": "soon",\n "keywords": {"a": 1},}'

        found = deep_v1.read("a", text)

        assert found.card is not None
        assert found.card.title == "A"
        assert found.card.extra == {"license": "my own", "date_creation": "soon", "keywords": {"a": 1}}
        wrong = {fault.field: fault.line for fault in found.faults if fault.severity == "error"}
        assert wrong == {"": 4, "license": 2, "date_creation": 3, "keywords": 4}

    @pytest.mark.parametrize("text", ["", "[]", "nothing", '"a"', "{", '{"title": 3, "description": {"a": []}}'])
    def test_makes_a_card_of_anything(self, text: str) -> None:
        found = deep_v1.read("a", text)

        assert found.card is not None
        assert found.faults

    @pytest.mark.parametrize(
        "path", [sources.OWN / "metadata.json", *sources.real("metadata.json")], ids=lambda path: path.name
    )
    def test_loses_nothing(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8")

        found = deep_v1.read("a", text).card

        assert found is not None
        kept = list(sources.leaves(found.plain()))
        lost = [leaf for leaf in sources.leaves(json.loads(text)) if leaf not in kept]
        assert [leaf for leaf in lost if not isinstance(leaf, str) or leaf not in found.readme] == []


@sources.needs_real_cards
class TestRealCards:
    def test_are_all_read(self) -> None:
        found = [deep_v1.read("a", path.read_text(encoding="utf-8")) for path in sources.real("metadata.json")]

        assert len(found) == 30
        assert all(each.card and each.card.licence and each.card.links.source for each in found)

    def test_have_few_faults_each_with_its_place(self) -> None:
        found = [
            (path.name.split("__")[1], fault.line, fault.field)
            for path in sources.real("metadata.json")
            for fault in deep_v1.read("a", path.read_text(encoding="utf-8")).faults
            if fault.severity == "error"
        ]

        assert found == [("posenet-tf", 17, "sources.code")]
