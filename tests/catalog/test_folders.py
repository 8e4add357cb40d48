"""A module's folder: all that it says, checked against one another."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog import sources
from pelagos.catalog import folders

MIT = 'Permission is hereby granted, free of charge ... THE SOFTWARE IS PROVIDED "AS IS"'


def folder(path: Path, **files: str) -> Path:
    """A folder with these files; `__` in a name is the dot."""
    for name, text in files.items():
        (path / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return path


class TestRead:
    def test_takes_the_readme_and_the_version_from_beside_the_card(self, tmp_path: Path) -> None:
        files = {"README__md": "# Hello", "pyproject__toml": '[project]\nversion = "1.2"', "LICENSE": MIT}
        module = folder(tmp_path, module__toml='title = "A"', **files)

        found = folders.read(module, "a")

        assert found.faults == ()
        assert found.card is not None
        assert (found.card.readme, found.card.version, found.card.licence) == ("# Hello", "1.2", "MIT")

    def test_joins_all_formats(self, tmp_path: Path) -> None:
        module = folder(
            tmp_path,
            module__toml='title = "Mine"',
            metadata__json=sources.own("metadata.json"),
            **{"ai4-metadata__yml": sources.own("ai4-metadata.yml")},
        )

        found = folders.read(module, "a").card

        assert found is not None
        assert found.title == "Mine"
        assert str(found.updated) == "2024-08-12"
        assert found.licence == "Apache-2.0"

    def test_reports_a_licence_that_is_not_the_text(self, tmp_path: Path) -> None:
        module = folder(tmp_path, module__toml='title = "A"\nlicence = "Apache-2.0"', LICENSE=MIT)

        (fault,) = folders.read(module).faults

        assert (fault.file, fault.field) == ("LICENSE", "licence")
        assert "Apache-2.0" in fault.message
        assert "MIT" in fault.message

    def test_reads_the_citation(self, tmp_path: Path) -> None:
        module = folder(
            tmp_path, module__toml='title = "A"', CITATION__cff="cff-version: 1.2.0\ndoi: 10.5281/zenodo.1\n"
        )

        found = folders.read(module).card

        assert found is not None
        assert found.citation.doi == "10.5281/zenodo.1"
        assert found.citation.cff["cff-version"] == "1.2.0"

    def test_says_what_is_missing(self, tmp_path: Path) -> None:
        found = folders.read(tmp_path)

        assert found.card is None
        assert "module.toml" in found.faults[0].suggestion

    def test_says_that_a_card_is_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "module.toml").write_bytes(b"# \xc3\xbc\n# \xc3\xbc \xff")

        found = folders.read(tmp_path)

        (fault,) = found.faults
        assert (found.card, found.broken) == (None, True)
        assert "UTF-8" in fault.message
        assert (fault.line, fault.column) == (2, 5)

    @pytest.mark.parametrize("broken", ["module__toml", "ai4-metadata__yml"])
    def test_takes_what_another_file_says_when_one_is_broken(self, tmp_path: Path, broken: str) -> None:
        module = folder(tmp_path, metadata__json='{"title": "From JSON"}', **{broken: "title: [ = "})

        found = folders.read(module, "a")

        assert found.card is not None
        assert (found.card.title, found.broken) == ("From JSON", True)

    def test_is_whole_when_every_value_was_found(self, tmp_path: Path) -> None:
        module = folder(tmp_path, metadata__json='{"title": "One comma too many",}')

        found = folders.read(module, "a")

        assert ([fault.line for fault in found.faults][:1], found.broken) == ([1], False)

    def test_follows_no_link_out_of_the_folder(self, tmp_path: Path) -> None:
        secret = tmp_path / "secret"
        secret.write_text("secret")
        module = tmp_path / "module"
        module.mkdir()
        folder(module, module__toml='title = "A"')
        (module / "README.md").symlink_to(secret)

        found = folders.read(module).card

        assert found is not None
        assert found.readme == ""

    def test_names_the_card_after_an_odd_folder(self, tmp_path: Path) -> None:
        odd = tmp_path / "my module (ü)"
        odd.mkdir()
        folder(odd, module__toml='title = "A"')

        found = folders.read(odd).card

        assert found is not None
        assert found.name == "my-module"


@sources.needs_real_cards
class TestRealCards:
    def test_that_state_another_licence_than_their_repository_are_reported(self, tmp_path: Path) -> None:
        (card,) = [path for path in sources.real("metadata.json") if "conus" in path.name]
        module = folder(tmp_path, metadata__json=card.read_text(encoding="utf-8"), LICENSE=MIT)

        found = folders.read(module).faults

        assert "The card says Apache-2.0, but this is the text of MIT." in [fault.message for fault in found]
