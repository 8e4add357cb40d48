"""What the backbone makes of pictures, computed once."""

from pathlib import Path

import numpy
import pytest

from builders import encoded, noise, write
from pelagos_image_classification import augment, dataset, features, pictures


def unwatched(_done: int, _total: int) -> None:
    """Let everything pass."""


def forbidden(_done: int, _total: int) -> None:
    pytest.fail("something was computed again")


@pytest.fixture
def library(tmp_path: Path) -> tuple[pictures.Library, tuple[bytes, ...]]:
    samples = [dataset.Sample(str(n), write(tmp_path / f"{n}.png", encoded(noise(seed=n))), 0) for n in range(3)]
    made = pictures.Library.at(tmp_path, size=64, framing="pad")
    return made, made.decode(samples, unwatched).keys


class TestTheBackbone:
    def test_computes_each_picture_once(
        self, tmp_path: Path, library: tuple[pictures.Library, tuple[bytes, ...]]
    ) -> None:
        books, keys = library

        first = features.Backbone(tmp_path, books, None).features(keys, unwatched)
        again = features.Backbone(tmp_path, books, None).features(keys[::-1], forbidden)

        assert first.shape == (3, 1280)
        assert numpy.array_equal(first, again[::-1])

    def test_leaves_the_features_too_when_it_makes_activations(
        self, tmp_path: Path, library: tuple[pictures.Library, tuple[bytes, ...]]
    ) -> None:
        books, keys = library
        backbone = features.Backbone(tmp_path, books, None)

        activations = backbone.activations(keys, unwatched)

        assert activations.all().shape == (3, 112, 4, 4)
        assert backbone.features(keys, forbidden).shape == (3, 1280)

    def test_tells_views_apart_and_knows_them_again(
        self, tmp_path: Path, library: tuple[pictures.Library, tuple[bytes, ...]]
    ) -> None:
        books, keys = library
        backbone, recipe = features.Backbone(tmp_path, books, None), augment.Recipe(h_flip=1.0)

        plain = backbone.features(keys, unwatched)
        flipped = backbone.features(keys, unwatched, features.View(recipe))
        again = backbone.features(keys, forbidden, features.View(recipe))

        assert not numpy.allclose(plain, flipped)
        assert numpy.array_equal(flipped, again)
