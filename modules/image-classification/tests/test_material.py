"""What the rungs learn from."""

from pathlib import Path

import numpy
import pytest

from builders import stripes
from pelagos_image_classification import arguments, augment, dataset, material


def unwatched(_done: int, _total: int) -> None:
    """Let everything pass."""


def ready(folder: Path, cache: Path, **options: object) -> material.Material:
    asked = arguments.Options(image_size=64, **options)  # type: ignore[arg-type]
    return material.prepare(dataset.read(folder), asked, cache, unwatched)


class TestTheMaterial:
    def test_offers_every_view_of_every_training_picture(self, tmp_path: Path, run_cache: Path) -> None:
        recipe = augment.Recipe(pixel_noise=1.0)
        made = ready(stripes(tmp_path), run_cache, use_augmentation=True, train_mode=recipe)

        lesson = made.lesson(unwatched)

        assert len(lesson.features) == 12 * (1 + material.VIEWS)
        assert numpy.bincount(lesson.groups).tolist() == [1 + material.VIEWS] * 12
        assert not numpy.allclose(lesson.features[0], lesson.features[12])

    def test_offers_one_view_without_augmentation(self, tmp_path: Path, run_cache: Path) -> None:
        assert len(ready(stripes(tmp_path), run_cache).lesson(unwatched).features) == 12

    def test_shows_a_fresh_view_of_whole_pictures_in_every_epoch(self, tmp_path: Path, run_cache: Path) -> None:
        made = ready(stripes(tmp_path), run_cache, use_augmentation=True, train_mode=augment.Recipe(pixel_noise=1.0))
        numbers = numpy.arange(4)

        train, val = made.whole("train"), made.whole("val")

        assert not numpy.array_equal(train.batch(numbers, 0), train.batch(numbers, 1))
        assert numpy.array_equal(train.batch(numbers, 1), train.batch(numbers, 1))
        assert numpy.array_equal(val.batch(numbers, 0), val.batch(numbers, 1))

    def test_gives_activations_in_the_order_asked_for(self, tmp_path: Path, run_cache: Path) -> None:
        made = ready(stripes(tmp_path), run_cache)

        pictures = made.activations("train", unwatched)

        both = pictures.batch(numpy.array([3, 1]), 0)
        assert both.shape == (2, 112, 4, 4)
        assert numpy.array_equal(both[1], pictures.batch(numpy.array([1]), 5)[0])

    def test_has_a_fingerprint_of_pictures_labels_and_arguments(self, tmp_path: Path, run_cache: Path) -> None:
        folder = stripes(tmp_path)

        first, same = ready(folder, run_cache), ready(folder, run_cache)
        other, fewer = ready(folder, run_cache, seed=1), ready(stripes(tmp_path / "few", count=2), run_cache)

        assert first.fingerprint == same.fingerprint
        assert len({first.fingerprint, other.fingerprint, fewer.fingerprint}) == 3

    def test_weighs_classes_only_when_asked(self, tmp_path: Path, run_cache: Path) -> None:
        folder = stripes(tmp_path)
        lines = (folder / "dataset_files" / "train.txt").read_text().splitlines()
        (folder / "dataset_files" / "train.txt").write_text("\n".join([*lines[:4], lines[6]]))

        assert ready(folder, run_cache).class_weights.tolist() == [1, 1]
        assert ready(folder, run_cache, use_class_weights=True).class_weights.tolist() == pytest.approx([5 / 6, 5 / 4])
