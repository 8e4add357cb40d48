"""The weights are read only when they are the ones that are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from pelagos.catalog import encoder
from pelagos.domain import errors


class TestChecked:
    def test_refuses_a_file_that_is_another(self, tmp_path: Path) -> None:
        (tmp_path / "model.safetensors").write_bytes(b"other weights")

        with pytest.raises(errors.PelagosError, match="SHA-256 differs"):
            encoder._checked(tmp_path / "model.safetensors", encoder.WEIGHTS)

    def test_says_that_there_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(errors.PelagosError, match="cannot be read"):
            encoder._checked(tmp_path / "model.safetensors", encoder.WEIGHTS)
