"""All formats of downloads."""

from __future__ import annotations

import json

import pytest

from catalog import shelf, sources
from pelagos.catalog import card, deep_v1
from pelagos.catalog.exports import formats


class TestFormats:
    @pytest.mark.parametrize("name", formats.FORMATS)
    def test_write_the_least_and_a_full_card(self, name: str) -> None:
        full = deep_v1.read("plankton", sources.own("metadata.json")).card
        assert full is not None

        for each in (shelf.made("a"), full):
            written = formats.FORMATS[name].write(each, "https://hub.example.org/a", shelf.NOW)
            assert written.endswith("\n")
            assert each.title in written

    def test_of_json_is_read_back(self) -> None:
        full = deep_v1.read("plankton", sources.own("metadata.json")).card
        assert full is not None

        written = formats.FORMATS["json"].write(full, "", shelf.NOW)

        assert card.Card.model_validate(json.loads(written)) == full
