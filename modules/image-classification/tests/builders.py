"""Small worlds for tests: pictures and data sets made on the spot."""

import io
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
from PIL import Image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Give a picture file's bytes."""
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def noise(size: tuple[int, int] = (60, 40), seed: int = 0) -> Image.Image:
    """Give a picture like no other with the same seed."""
    values = numpy.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), numpy.uint8)
    return Image.fromarray(values)


def striped(upright: bool, seed: int) -> Image.Image:
    """Give a picture of stripes, upright or lying, at a chance offset: two classes that any network tells apart."""
    offset = random.Random(seed).randrange(16)
    lines = ((numpy.arange(96) + offset) // 8 % 2 * 200).astype(numpy.uint8)
    plane = numpy.tile(lines, (96, 1)) if upright else numpy.tile(lines[:, None], (1, 96))
    return Image.fromarray(numpy.stack([plane] * 3, -1))


def stripes(folder: Path, *, count: int = 6, val: int = 3, test: int = 2) -> Path:
    """Write a data set of two classes in DEEP's layout."""
    lists: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for name, size in (("train", count), ("val", val), ("test", test)):
        for number in range(size):
            for label in (0, 1):
                picture = f"{name} {label}#{number}.png"
                lists[name].append(f"{picture} {label}")
                content = encoded(striped(label == 0, hash_of(name, label, number)))
                write(folder / "images" / picture, content)
    write_lists(folder, ["upright lines", "lying"], lists)
    return folder


def write_lists(folder: Path, classes: Sequence[str], lists: Mapping[str, Sequence[str]]) -> None:
    """Write classes.txt and the lists."""
    write(folder / "dataset_files" / "classes.txt", "\n".join(classes).encode())
    for name, lines in lists.items():
        write(folder / "dataset_files" / f"{name}.txt", ("\n".join(lines) + "\n").encode())


def write(path: Path, content: bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def hash_of(*parts: object) -> int:
    """Give the same number for the same parts, in every process."""
    return random.Random(repr(parts)).getrandbits(30)
