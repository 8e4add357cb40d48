"""Tests of pelagos.module.deepaas_uploads."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pelagos.module import deepaas_uploads
from pelagos.module.files import File


class TestShim:
    def test_stands_in_where_deepaas_is_not_installed(self) -> None:
        deepaas_uploads.offer_shim()
        deepaas_uploads.offer_shim()

        wrapper = importlib.import_module("deepaas.model.v2.wrapper")

        assert wrapper.UploadedFile._fields == ("name", "filename", "content_type", "original_filename")
        assert sys.path[-1].endswith("shim")
        assert sys.path.count(sys.path[-1]) == 1

    def test_gives_a_class_to_derive_modules_from(self) -> None:
        deepaas_uploads.offer_shim()

        base = importlib.import_module("deepaas.model.v2.base")

        assert base.BaseModel().schema is None


INSTALLED = """
from typing import NamedTuple

class UploadedFile(NamedTuple):
    name: str
    filename: str
    content_type: str
    original_filename: str
    installed = True
"""
WARMED = """
import json, sys
from marshmallow import fields
from pelagos.module import deepaas, files, deepaas_uploads

class Model:
    def get_predict_args(self):
        return {"data": fields.Raw(metadata={"type": "file"})} if sys.argv[1] == "files" else {}

deepaas.prepare()
deepaas.DeepaasAdapter(Model(), name="model").warm()
imported = "deepaas.model.v2.wrapper" in sys.modules
made = deepaas_uploads.uploaded("data", files.File("a.csv", data=b"1,2"))
same = isinstance(made, __import__("deepaas.model.v2.wrapper", fromlist=["x"]).UploadedFile)
print(json.dumps([imported, hasattr(made, "installed"), same]))
"""


class TestAnInstalledDeepaas:
    """A package of that name in the module's environment, each in an interpreter of its own."""

    @pytest.fixture
    def package(self, tmp_path: Path) -> Path:
        place = tmp_path / "deepaas" / "model" / "v2"
        place.mkdir(parents=True)
        for folder in (place, *list(place.parents)[:2]):
            (folder / "__init__.py").touch()
        (place / "wrapper.py").write_text(INSTALLED)
        return tmp_path

    def test_is_there_before_the_first_request_and_its_class_is_used(self, package: Path) -> None:
        assert said(package, "files") == ([True, True, True], "")

    def test_is_not_imported_for_a_module_without_files(self, package: Path) -> None:
        assert said(package, "none")[0] == [False, True, True]

    @pytest.mark.parametrize("fault", ["import nothing_like_this", "1 / 0"])
    def test_that_is_broken_is_told_and_stood_in_for(self, package: Path, fault: str) -> None:
        (package / "deepaas" / "model" / "__init__.py").write_text(fault)

        found, errors = said(package, "files")

        assert found == [True, False, True]
        assert fault in errors
        assert errors.count("a stand-in is used") == 1

    def test_that_is_too_old_is_told_and_stood_in_for(self, package: Path) -> None:
        (package / "deepaas" / "model" / "v2" / "wrapper.py").unlink()

        found, errors = said(package, "files")

        assert found == [True, False, True]
        assert "No module named 'deepaas.model.v2.wrapper'" in errors


def said(package: Path, kind: str) -> tuple[list[bool], str]:
    """Warm a module beside a package; gives what it saw and what was on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", WARMED, kind],
        env={
            **os.environ,
            "TMPDIR": str(package),
            "PYTHONPATH": os.pathsep.join([str(package), *filter(None, sys.path)]),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[bool] = json.loads(done.stdout)
    return found, done.stderr


class TestHanded:
    def test_makes_files_the_class_that_modules_ask_for(self) -> None:
        deepaas_uploads.offer_shim()
        wrapper = importlib.import_module("deepaas.model.v2.wrapper")

        file = File("a.csv", data=b"1,2")
        value = deepaas_uploads.handed(deepaas_uploads.Received("data", file))

        assert isinstance(value, wrapper.UploadedFile)
        file.discard()

    def test_leaves_everything_else_alone(self) -> None:
        assert deepaas_uploads.handed([1, "two"]) == [1, "two"]
