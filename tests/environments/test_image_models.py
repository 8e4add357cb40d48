"""The folder of a module's models, with a program in the engine's place; real engines are in `test_images`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pelagos.domain import errors
from pelagos.environments import image_models

_RUNS_IT_HERE = f'while [ "$1" != -c ]; do shift; done; exec {sys.executable} "$@"'
_HAS_NO_ROOM = "echo no space left on device >&2; exit 1"


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Path]:
    """Keep the models of `leaves`, of an image whose models are in the folder `inside`; gives where they are."""
    environment = tmp_path / ".environments" / "leaves-1"
    environment.mkdir(parents=True)

    def keep(script: str = _RUNS_IT_HERE, *, there: bool = True) -> Path:
        engine = tmp_path / "engine"
        engine.write_text(f"#!/bin/sh\n{script}\n")
        engine.chmod(0o755)
        image: dict[str, Any] = {"engine": [str(engine)], "id": "1", "python": "python3", "pythonpath": ""}
        image |= {"rootless": False, "max_memory_mb": 0, "max_cpus": 0, "network": "none", "engine_options": ""}
        target = {"target": str(tmp_path / "inside"), "there": there}
        image |= {"environment": str(environment), "models": {"leaves": target}}
        image_models.keep(image, "leaves", code=tmp_path, timeout_s=30)
        return tmp_path / "leaves" / "models"

    (tmp_path / "inside" / "pretrained").mkdir(parents=True)
    return keep


class TestKeep:
    def test_copies_once(self, kept: Callable[..., Path]) -> None:
        models = kept()
        (models / "pretrained").rmdir()

        assert list(kept(_HAS_NO_ROOM).iterdir()) == []

    def test_makes_an_empty_folder_where_the_image_has_none(self, kept: Callable[..., Path]) -> None:
        assert list(kept(there=False).iterdir()) == []

    def test_says_why_it_cannot_and_does_it_the_next_time(self, kept: Callable[..., Path]) -> None:
        with pytest.raises(errors.EnvironmentFailed, match=r"models of 'leaves' cannot be copied .* no space left"):
            kept(_HAS_NO_ROOM)

        assert [each.name for each in kept().iterdir()] == ["pretrained"]

    def test_begins_again_where_it_was_cut_off(self, kept: Callable[..., Path], tmp_path: Path) -> None:
        half = tmp_path / ".environments" / "leaves-1" / "leaves.copied" / "half"
        half.mkdir(parents=True)

        assert [each.name for each in kept().iterdir()] == ["pretrained"]
        assert not half.exists()
