"""Tests of pelagos.module.deepaas_uploads."""

from __future__ import annotations

import importlib
import sys

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


class TestHanded:
    def test_makes_files_the_class_that_modules_ask_for(self) -> None:
        deepaas_uploads.offer_shim()
        wrapper = importlib.import_module("deepaas.model.v2.wrapper")

        value = deepaas_uploads.handed(deepaas_uploads.Received("data", File("a.csv", data=b"1,2")))

        assert isinstance(value, wrapper.UploadedFile)

    def test_leaves_everything_else_alone(self) -> None:
        assert deepaas_uploads.handed([1, "two"]) == [1, "two"]
