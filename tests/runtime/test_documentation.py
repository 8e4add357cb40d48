"""The vendored files of the API page are what they say they are."""

import hashlib
import json

import pytest

from pelagos.runtime import documentation

MANIFEST = json.loads((documentation.FOLDER / "manifest.json").read_text())


class TestVendoredFile:
    @pytest.mark.parametrize("entry", MANIFEST, ids=lambda entry: entry["file"])
    def test_is_the_one_of_its_package_with_its_licence(self, entry: dict[str, str]) -> None:
        content = (documentation.FOLDER / entry["file"]).read_bytes()

        assert hashlib.sha256(content).hexdigest() == entry["sha256"]
        assert "Apache License" in (documentation.FOLDER / entry["licence_file"]).read_text()

    def test_is_in_the_manifest(self) -> None:
        own = {"start.js"}
        found = {path.name for path in documentation.FOLDER.iterdir() if path.suffix in (".js", ".css")}

        assert found - own == {entry["file"] for entry in MANIFEST}
