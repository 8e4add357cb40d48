"""Views of a picture: the same picture as it could also have been seen. DEEP's argument names and meanings.

A recipe's `h_flip`, `v_flip`, `rot`, `stretch`, `blur`, `pixel_noise`, `pixel_sat` and `cutout` are chances from 0
to 1; `rot_lim` is the largest turn in degrees; `crop` is the side of the part that is seen and `zoom` what may be taken
from it again, both in parts of the short side. An empty recipe changes nothing.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy
from PIL import Image, ImageEnhance, ImageFilter

from pelagos_image_classification import images

TRAIN_MODE = {
    "h_flip": 0.5, "v_flip": 0.5, "rot": 0.7, "rot_lim": 90, "stretch": 0.0, "crop": 1.0, "zoom": 0.2, "blur": 0.3,
    "pixel_noise": 0.3, "pixel_sat": 0.3, "cutout": 0.5,
}  # fmt: skip
"""What DEEP's trainer does to training pictures unless told otherwise."""
VERSION = "2"
"""To be raised when a recipe comes to show something else, for what the network saw of it is kept in a cache."""
_CUTOUTS = 8
_STRETCH = 0.1
"""The largest change of each side, as far as DEEP moves the corners."""


@dataclass(frozen=True)
class Recipe:
    """How views are made; the default changes nothing."""

    h_flip: float = 0.0
    v_flip: float = 0.0
    rot: float = 0.0
    rot_lim: float = 90.0
    stretch: float = 0.0
    crop: float = 1.0
    zoom: float = 0.0
    blur: float = 0.0
    pixel_noise: float = 0.0
    pixel_sat: float = 0.0
    cutout: float = 0.0

    @classmethod
    def of(cls, given: Mapping[str, float]) -> "Recipe":
        """Make a recipe of arguments that `faults` found right."""
        return cls(**{name: float(value) for name, value in given.items()})

    @property
    def active(self) -> bool:
        """Whether a view can differ from the picture."""
        return any(
            (
                self.h_flip,
                self.v_flip,
                self.rot,
                self.stretch,
                self.crop < 1,
                self.zoom,
                self.blur,
                self.pixel_noise,
                self.pixel_sat,
                self.cutout,
            )
        )

    @property
    def text(self) -> str:
        """The recipe as a cache key has it."""
        return VERSION + json.dumps(asdict(self), sort_keys=True)


UNCHANGED = Recipe()


def faults(given: Mapping[str, Any]) -> list[str]:
    """Tell what is wrong with a recipe as it came from outside."""
    names = {part.name for part in fields(Recipe)}
    found = [f"{name!r} is not one of {', '.join(sorted(names))}" for name in given if name not in names]
    for name in names & given.keys():
        value, most = given[name], 180 if name == "rot_lim" else 1
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            found.append(f"{name}: {value!r} is not a number from 0 to {most}")
    if not found and float(given.get("crop", 1)) - float(given.get("zoom", 0)) < 0.1:
        found.append("crop less zoom must leave at least 0.1 of the picture")
    return found


def view(picture: images.Picture, recipe: Recipe, seed: Sequence[int]) -> images.Picture:
    """Make one view; the same numbers in `seed` always give the same."""
    if not recipe.active:
        return picture
    chance = random.Random(repr(tuple(seed)))
    image = _framed(Image.fromarray(picture), recipe, chance)
    seen = numpy.asarray(_coloured(image, recipe, chance))
    if chance.random() < recipe.pixel_noise:
        seen = _noisy(seen, chance)
    return _cut(seen, chance) if chance.random() < recipe.cutout else seen


def _framed(image: Image.Image, recipe: Recipe, chance: random.Random) -> Image.Image:
    """Flip, turn and choose the part that is seen."""
    if chance.random() < recipe.h_flip:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if chance.random() < recipe.v_flip:
        image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    if chance.random() < recipe.rot:
        ground = images.border_colour(numpy.asarray(image))
        image = image.rotate(
            chance.uniform(-recipe.rot_lim, recipe.rot_lim), Image.Resampling.BILINEAR, fillcolor=ground
        )
    side = min(image.size) * (recipe.crop - chance.random() * recipe.zoom)
    stretch = 1 + chance.uniform(-_STRETCH, _STRETCH) if chance.random() < recipe.stretch else 1.0
    width, height = min(side * stretch, image.width), min(side / stretch, image.height)
    left, top = chance.uniform(0, image.width - width), chance.uniform(0, image.height - height)
    return image.resize(image.size, Image.Resampling.BILINEAR, (left, top, left + width, top + height))


def _coloured(image: Image.Image, recipe: Recipe, chance: random.Random) -> Image.Image:
    if chance.random() < recipe.blur:
        image = image.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.5) * min(image.size) / 224))
    if chance.random() < recipe.pixel_sat:
        image = ImageEnhance.Color(image).enhance(chance.uniform(0.5, 1.5))
    return image


def _noisy(picture: images.Picture, chance: random.Random) -> images.Picture:
    generator = numpy.random.default_rng(chance.getrandbits(32))
    noise = generator.standard_normal(picture.shape, numpy.float32) * numpy.float32(chance.uniform(2, 12))
    return numpy.asarray(numpy.clip(picture + noise, 0, 255), numpy.uint8)


def _cut(picture: images.Picture, chance: random.Random) -> images.Picture:
    """Hide eight boxes, each a twentieth to a quarter of the side, under the picture's mean colour."""
    hidden, side = picture.copy(), min(picture.shape[:2])
    ground = picture.reshape(-1, 3).mean(0).astype(numpy.uint8)
    for _ in range(_CUTOUTS):
        height, width = (int(side * chance.uniform(0.05, 0.25)) for _ in range(2))
        top, left = int(chance.random() * picture.shape[0]), int(chance.random() * picture.shape[1])
        hidden[top : top + height, left : left + width] = ground
    return hidden
