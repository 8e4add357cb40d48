"""Lists of repositories, as DEEP and AI4OS keep them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelagos.catalog import indexes
from pelagos.domain import errors

GITMODULES = """[submodule "demo-app"]
\tpath = demo-app
\turl = https://github.com/ai4os-hub/ai4os-demo-app/
\tbranch = main
[submodule "litter"]
\tpath = litter
\turl = ../litter.git
\tbranch = .
"""


class TestEntries:
    def test_of_deep_are_a_list_of_modules(self) -> None:
        found = indexes.entries(
            "MODULES.yml", "---\n- module: https://example.org/a\n- module: https://example.org/b\n"
        )

        assert [each.address for each in found] == ["https://example.org/a", "https://example.org/b"]

    def test_of_ai4os_are_submodules(self) -> None:
        found = indexes.entries(".gitmodules", GITMODULES, base="https://example.org/hub/catalog")

        assert found == (
            indexes.Entry("https://github.com/ai4os-hub/ai4os-demo-app", "main"),
            indexes.Entry("https://example.org/hub/litter.git"),
        )

    def test_may_be_plain_addresses(self) -> None:
        text = "- https://example.org/a\n- {url: https://example.org/b, branch: next}\n- 3\n- https://example.org/a\n"

        found = indexes.entries("MODULES.yml", text)

        assert found == (indexes.Entry("https://example.org/a"), indexes.Entry("https://example.org/b", "next"))

    @pytest.mark.parametrize("text", ["", "a: b", "- 3", "- module: [", '[submodule "x"]\nurl'])
    def test_are_refused_when_there_are_none(self, text: str) -> None:
        with pytest.raises(errors.InvalidInput):
            indexes.entries("MODULES.yml", text)


class TestLoad:
    def test_says_that_there_is_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(errors.Unavailable):
            indexes.load(str(tmp_path / "MODULES.yml"), timeout_s=1)

    def test_says_that_nobody_answers(self) -> None:
        with pytest.raises(errors.Unavailable):
            indexes.load("http://127.0.0.1:9/MODULES.yml", timeout_s=1)
