"""Native modules' cards."""

from __future__ import annotations

from catalog import sources
from pelagos.catalog import native

IMAGE_CLASSIFICATION = sources.ROOT / "modules" / "image-classification" / "module.toml"


class TestRead:
    def test_makes_a_card_of_the_image_classifier(self) -> None:
        found = native.read("image-classification", IMAGE_CLASSIFICATION.read_text())

        assert found.faults == ()
        assert found.card is not None
        assert found.card.tasks == ("image-classification",)
        assert found.card.weights[0].size_mb == 18.8
        assert found.card.resources.train is not None
        assert found.card.resources.train.memory_mb == 2048
        assert found.card.extra == {}

    def test_leaves_out_the_one_thing_that_is_wrong(self) -> None:
        text = (
            'title = "A"\nlicence = "Apache 2.0"\ncolour = "red"\n'
            '[[authors]]\nname = "Ada"\n[[authors]]\nname = "Bob"\norcid = "1"\n'
        )

        found = native.read("a", text)

        assert found.card is not None
        assert [author.name for author in found.card.authors] == ["Ada", "Bob"]
        assert found.card.extra["authors"][1]["orcid"] == "1"
        assert found.card.extra["colour"] == "red"
        assert [(fault.field, fault.line) for fault in found.faults] == [("licence", 2), ("authors[1].orcid", 8)]

    def test_leaves_out_several_wrong_members_of_a_list(self) -> None:
        text = 'title = "A"\n' + "".join(
            f'[[metrics]]\nname = "m{i}"\n{"value = 1" if i % 2 else ""}\n' for i in range(5)
        )

        found = native.read("a", text).card

        assert found is not None
        assert [metric.name for metric in found.metrics] == ["m1", "m3"]
        assert len(found.extra["metrics"]) == 5
