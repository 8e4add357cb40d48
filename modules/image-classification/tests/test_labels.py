"""The names of the pretrained classes."""

from pelagos_image_classification import labels, network


class TestTheNames:
    def test_are_a_thousand_and_all_different(self) -> None:
        assert len(set(labels.names())) == network.CLASSES
        assert len(labels.synonyms()) == network.CLASSES

    def test_are_the_usual_ones(self) -> None:
        names = labels.names()

        assert (names[0], names[281], names[999]) == ("tench", "tabby", "toilet tissue")
        assert (names[134], names[517]) == ("crane bird", "construction crane")
        assert labels.synonyms()[281] == "tabby, tabby cat"
