"""Views of a picture."""

import numpy
import pytest

from builders import noise
from pelagos_image_classification import augment

PICTURE = numpy.asarray(noise((64, 64)))
RAMP = numpy.tile(numpy.arange(64, dtype=numpy.uint8)[None, :, None] * 3, (64, 1, 3))


def seen(seed: int = 0, picture: numpy.ndarray = PICTURE, **recipe: float) -> numpy.ndarray:
    return augment.view(picture, augment.Recipe.of(recipe), (seed,))


class TestAView:
    def test_is_the_picture_itself_when_the_recipe_is_empty(self) -> None:
        assert numpy.array_equal(seen(), PICTURE)
        assert not augment.Recipe.of({}).active

    def test_is_the_same_for_the_same_seed_and_another_for_another(self) -> None:
        assert numpy.array_equal(seen(1, **augment.TRAIN_MODE), seen(1, **augment.TRAIN_MODE))
        assert not numpy.array_equal(seen(1, **augment.TRAIN_MODE), seen(2, **augment.TRAIN_MODE))

    @pytest.mark.parametrize("seed", range(12))
    def test_keeps_size_and_type(self, seed: int) -> None:
        made = seen(seed, **{**augment.TRAIN_MODE, "stretch": 0.5, "crop": 0.8})

        assert made.shape == PICTURE.shape
        assert made.dtype == numpy.uint8

    def test_is_flipped_when_that_is_certain(self) -> None:
        assert numpy.array_equal(seen(h_flip=1.0), PICTURE[:, ::-1])
        assert numpy.array_equal(seen(v_flip=1.0), PICTURE[::-1])

    def test_is_turned_no_further_than_the_limit(self) -> None:
        still = seen(picture=RAMP, rot=1.0, rot_lim=0.0)
        turned = seen(picture=RAMP, rot=1.0, rot_lim=90.0)

        assert numpy.abs(still.astype(int) - RAMP).max() <= 2
        assert numpy.abs(turned.astype(int) - RAMP).max() > 20

    def test_shows_the_middle_part_when_cropped(self) -> None:
        spans = [
            int(seen(seed, picture=RAMP, crop=0.5).max()) - int(seen(seed, picture=RAMP, crop=0.5).min())
            for seed in range(5)
        ]

        assert all(80 <= span <= 110 for span in spans)

    def test_is_stretched_as_often_as_the_recipe_says_and_never_far(self) -> None:
        never, sometimes, always = (
            sum(not numpy.array_equal(seen(seed, stretch=chance), PICTURE) for seed in range(40))
            for chance in (0.0, 0.5, 1.0)
        )
        moved = [numpy.abs(seen(seed, picture=RAMP, stretch=1.0).astype(int) - RAMP).max() for seed in range(40)]

        assert (never, always) == (0, 40)
        assert 10 <= sometimes <= 30
        assert 10 < max(moved) <= 64 * 0.1 * 3 + 3

    def test_hides_boxes_under_the_mean_colour(self) -> None:
        changed = (seen(picture=RAMP, cutout=1.0) != RAMP).any(2).mean()

        assert 0.02 < changed < 0.5

    @pytest.mark.parametrize("name", ["blur", "pixel_noise", "pixel_sat"])
    def test_is_changed_in_its_pixels_but_not_beyond_recognition(self, name: str) -> None:
        made = seen(**{name: 1.0}).astype(float)

        assert not numpy.array_equal(made, PICTURE)
        assert numpy.corrcoef(made.ravel(), PICTURE.ravel().astype(float))[0, 1] > 0.5


class TestARecipeFromOutside:
    def test_is_right_as_deep_has_it(self) -> None:
        assert augment.faults(augment.TRAIN_MODE) == []
        assert augment.faults({}) == []

    def test_is_refused_with_all_its_faults(self) -> None:
        faults = augment.faults({"h_flip": 1.5, "rot_lim": 400, "blur": "much", "wobble": 1})

        assert len(faults) == 4
        assert any(fault.startswith("'wobble' is not one of") for fault in faults)
        assert "h_flip: 1.5 is not a number from 0 to 1" in faults
        assert "rot_lim: 400 is not a number from 0 to 180" in faults

    def test_is_refused_when_nothing_would_be_left_to_see(self) -> None:
        assert augment.faults({"crop": 0.3, "zoom": 0.3}) == ["crop less zoom must leave at least 0.1 of the picture"]
