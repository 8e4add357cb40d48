"""Tests of pelagos.environments.deepaas."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from pelagos.environments import deepaas


def distribution(site: Path, name: str, *requires: str) -> importlib.metadata.Distribution:
    folder = site / f"{name}-1.0.dist-info"
    folder.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {text}" for text in requires)]
    (folder / "METADATA").write_text("\n".join(lines) + "\n")
    return importlib.metadata.PathDistribution(folder)


class TestMissing:
    def test_is_all_that_deepaas_brought(self, tmp_path: Path) -> None:
        module = distribution(tmp_path, "module")

        assert deepaas.missing(module, tmp_path) == list(deepaas.NEEDED.values())

    def test_is_not_what_is_there(self, tmp_path: Path) -> None:
        module = distribution(tmp_path, "module", "aiohttp")
        distribution(tmp_path, "aiohttp")
        distribution(tmp_path, "PyYAML")

        assert {"aiohttp", "PyYAML"}.isdisjoint(deepaas.missing(module, tmp_path))

    @pytest.mark.parametrize(
        ("asked", "held"),
        [
            ("marshmallow", True),
            ("marshmallow (>=3.1)", True),
            ("marshmallow!=3.5 ; python_version < '4'", True),
            ("marshmallow<5", False),
            ("marshmallow~=4.0", False),
            ("marshmallow>=4.1", False),
        ],
    )
    def test_holds_back_libraries_of_fields_unless_the_module_decides(
        self, tmp_path: Path, asked: str, held: bool
    ) -> None:
        module = distribution(tmp_path, "module", asked)
        distribution(tmp_path, "marshmallow")

        assert ("marshmallow>=3,<4" in deepaas.missing(module, tmp_path)) == held

    def test_leaves_the_libraries_of_fields_to_an_installed_deepaas(self, tmp_path: Path) -> None:
        module = distribution(tmp_path, "module", "deepaas")
        for name in ("deepaas", "webargs", "marshmallow"):
            distribution(tmp_path, name)

        assert deepaas.missing(module, tmp_path) == ["setuptools<81", "aiohttp", "PyYAML"]


class TestScripts:
    @pytest.mark.parametrize(("modules", "chosen"), [(["one"], "one"), (["one", "two"], "")])
    def test_know_the_state_folder_and_the_only_module(self, tmp_path: Path, modules: list[str], chosen: str) -> None:
        shown = tmp_path / "python with space"
        shown.write_text('#!/bin/sh\necho "$PELAGOS_STATE_DIR|$DEEPAAS_V2_MODEL|$*"\n')
        shown.chmod(0o755)

        deepaas.write_scripts(tmp_path, modules, state=tmp_path / "it's", python=shown)

        said = subprocess.run(
            [tmp_path / "deepaas-cli", "predict", "a b"], capture_output=True, text=True, env={}, check=True
        )
        assert said.stdout == f"{tmp_path}/it's|{chosen}|-m pelagos.cli.deepaas_cli predict a b\n"

    def test_leave_those_of_an_installed_deepaas_alone(self, tmp_path: Path) -> None:
        (tmp_path / "deepaas-run").write_text("the real one")

        deepaas.write_scripts(tmp_path, ["one"], state=tmp_path, python=Path(sys.executable))

        assert (tmp_path / "deepaas-run").read_text() == "the real one"
        assert (tmp_path / "deepaas-cli").stat().st_mode & 0o111
