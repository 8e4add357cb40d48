"""Modules that are installed have cards, also when nobody wrote one."""

from __future__ import annotations

import sys
from pathlib import Path

from pelagos import environments
from pelagos.catalog import installed
from pelagos.environments import records


def add(root: Path, **facts: object) -> None:
    """Write the record of an installed module that is not really there."""
    record = environments.Installed("odd", "native", "nothing_of_this_name:Odd", Path(sys.executable), **facts)
    records.write(root, record)


class TestCards:
    def test_come_from_the_module_that_has_none(self, installed_modules: environments.Environments) -> None:
        found = {name: read.card for name, read, _ in installed.cards(installed_modules)}

        assert found["trivial"].summary == "Gives back what it was given."
        assert (found["counting"].trainable, found["trivial"].trainable) == (True, False)

    def test_are_there_for_a_module_that_cannot_be_imported(self, tmp_path: Path) -> None:
        add(tmp_path, version="1.0")

        ((_, read, trouble),) = installed.cards(environments.Environments(tmp_path))

        assert (read.card.name, read.card.title, read.card.version) == ("odd", "odd", "1.0")
        assert read.card.trainable is None
        assert "nothing_of_this_name" in trouble

    def test_are_read_from_the_folder(self, tmp_path: Path) -> None:
        folder = tmp_path / "somewhere"
        folder.mkdir()
        (folder / "module.toml").write_text('title = "Odd one"\nversion = "2.0"\n')
        add(tmp_path / "modules", version="1.0", folder=folder)

        ((_, read, _),) = installed.cards(environments.Environments(tmp_path / "modules"))

        assert (read.card.name, read.card.title, read.card.version) == ("odd", "Odd one", "2.0")
