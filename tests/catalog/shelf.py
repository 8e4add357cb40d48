"""A small catalog to test with."""

from __future__ import annotations

import datetime
from typing import Any

from pelagos.catalog import card, store

NOW = datetime.datetime(2026, 5, 1, 12, 0, tzinfo=datetime.UTC)


def made(name: str, **said: Any) -> card.Card:
    """A card with a name, a title and this."""
    return card.Card.model_validate({"name": name, "title": name.title(), **said})


def record(name: str, source: str = "folder", **said: Any) -> store.Record:
    """A card from a source."""
    return store.Record(made(name, **said), source, "c0ffee", NOW)


SHELF = (
    record(
        "plankton",
        title="Plankton classifier",
        summary="Tells species of phytoplankton apart.",
        tags=["microscopy", "ocean"],
        tasks=["image-classification"],
        licence="MIT",
        libraries=["PyTorch"],
        inputs=["image"],
        trainable=True,
        pretrained=True,
        created="2020-01-01",
        updated="2024-01-01",
    ),
    record(
        "birds",
        title="Bird songs",
        summary="Classifies the songs of birds.",
        tags=["sound"],
        tasks=["audio-classification"],
        licence="MIT",
        libraries=["TensorFlow"],
        inputs=["audio"],
        trainable=True,
        created="2021-01-01",
        updated="2025-01-01",
    ),
    record(
        "vessels",
        title="Vessels in the ocean",
        readme="Hears ships. Also finds plankton.",
        tags=["Sound", "ocean"],
        licence="Apache-2.0",
        libraries=["PyTorch"],
        inputs=["audio"],
        authors=[{"name": "Zoë Müller"}],
        created="2022-01-01",
    ),
)
