"""What is installed beside the module, and how to install the rest."""

import sys
from pathlib import Path

import pytest

from pelagos_image_classification import extras


def hide(patch: pytest.MonkeyPatch, *packages: str) -> None:
    for package in packages:
        patch.setitem(sys.modules, package, None)


class TestAnExtra:
    def test_is_present_when_its_package_is(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hide(monkeypatch, "torch")

        assert not extras.present("train")

    def test_is_installed_by_a_command_that_loses_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("pydicom", reason="pydicom is an extra")
        hide(monkeypatch, "torch")

        both = extras.command("train")
        dicom = extras.command("dicom")

        assert both == "pelagos install ./modules/image-classification[train,dicom] --with torch==2.13.0"
        assert dicom == "pelagos install ./modules/image-classification[dicom]"

    def test_is_named_alone_where_there_is_no_other(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hide(monkeypatch, "torch", "pydicom")

        command = extras.command("train")

        assert command == "pelagos install ./modules/image-classification[train] --with torch==2.13.0"

    @pytest.mark.parametrize("missing", [("torch",), ("pydicom",), ("torch", "pydicom")])
    def test_is_installed_as_the_readme_says(self, missing: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
        hide(monkeypatch, *missing)
        readme = (Path(__file__).parents[1] / "README.md").read_text("utf-8").splitlines()

        assert extras.command("train") in readme
        assert extras.command("dicom") in readme
