from __future__ import annotations

from pelagos.runtime.console import cards

DESCRIPTION = {"name": "birds", "summary": "Tells birds.", "card": None, "metadata": {"version": "1.2", "card": {}}}


class TestCard:
    def test_names_the_module_for_people(self) -> None:
        described = {**DESCRIPTION, "card": 'title = "Birds"\nsummary = "All birds."'}

        assert (cards.title(described), cards.summary(described)) == ("Birds", "All birds.")

    def test_that_is_missing_or_broken_leaves_what_the_code_says(self) -> None:
        for text in (None, "title = ", 'title = ""'):
            described = {**DESCRIPTION, "card": text}

            assert (cards.title(described), cards.summary(described)) == ("birds", "Tells birds.")

    def test_comes_before_the_facts_of_the_distribution(self) -> None:
        described = {**DESCRIPTION, "card": 'licence = "MIT"\nversion = "9"\ntags = []'}

        assert cards.facts(described) == [("licence", "MIT"), ("version", "9")]
