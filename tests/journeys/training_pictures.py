"""Pictures to train the real classifier on, in the layout of the package `planktonclas`: lists, and a folder of images.

The real ones are used where `make` has put them; no test downloads any. Otherwise some are drawn.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[2]
REAL = (".demo/pictures/planktonclas", ".venv-modules/lib/python3*/site-packages/planktonclas")
RESOURCES = Path("planktonclas", "resources")
GREY, RGB = 0, 2
SIDE = 96
SHARES = {"train": 10, "val": 3, "test": 4}

Colour = tuple[int, int, int]
DRAWN: Mapping[str, Callable[[int, int, int], Colour]] = {
    "lying": lambda x, y, width: (230, 60, 40) if y // width % 2 else (255, 240, 220),
    "standing": lambda x, y, width: (30, 90, 200) if x // width % 2 else (210, 230, 255),
    "chequered": lambda x, y, width: (20, 120, 40) if (x // width + y // width) % 2 else (0, 0, 0),
}
"""Classes: the colour at a place, for bands of some width."""


class Pictures(NamedTuple):
    """A data set, and what is known of it."""

    installed: Path
    """The folder in which the package is."""
    real: bool

    @property
    def dataset(self) -> Path:
        return self.installed / RESOURCES

    @property
    def images(self) -> Path:
        return self.dataset / "demo-images"

    @property
    def classes(self) -> list[str]:
        return (self.dataset / "dataset_files" / "classes.txt").read_text().split("\n")

    @property
    def held_back(self) -> list[tuple[Path, str]]:
        """The pictures of the test list with the names of their classes."""
        lines = (self.dataset / "dataset_files" / "test.txt").read_text().splitlines()
        pairs = [line.rsplit(" ", 1) for line in lines if line.strip()]
        return [(self.images / name, self.classes[int(label)].strip()) for name, label in pairs]


def find(folder: Path) -> Pictures:
    """Find the real pictures, or draw some below `folder`."""
    for place in REAL:
        for package in REPOSITORY.glob(place):
            if (package / "resources" / "dataset_files" / "test.txt").exists():
                return Pictures(package.parent, real=True)
    return draw(folder)


def draw(folder: Path) -> Pictures:
    """Draw bands that lie, bands that stand, and chequers, each picture with another width."""
    made = Pictures(folder, real=False)
    lists: dict[str, list[str]] = {name: [] for name in SHARES}
    for label, (name, colour) in enumerate(DRAWN.items()):
        (made.images / name).mkdir(parents=True)
        numbers = iter(range(sum(SHARES.values())))
        for split, share in SHARES.items():
            for number in (next(numbers) for _ in range(share)):
                (made.images / name / f"{number}.png").write_bytes(png(colour, 3 + number))
                lists[split].append(f"{name}/{number}.png {label}\n")
    (made.dataset / "dataset_files").mkdir()
    for split, lines in lists.items():
        (made.dataset / "dataset_files" / f"{split}.txt").write_text("".join(lines))
    (made.dataset / "dataset_files" / "classes.txt").write_text("\n".join(DRAWN))
    return made


def png(colour: Callable[[int, int, int], Colour], width: int) -> bytes:
    """Draw one picture."""
    rows = b"".join(b"\0" + bytes(part for x in range(SIDE) for part in colour(x, y, width)) for y in range(SIDE))
    return encoded(SIDE, SIDE, RGB, rows)


def encoded(width: int, height: int, colours: int, rows: bytes) -> bytes:
    """Write rows as a PNG, each with its filter's byte in front."""
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, colours, 0, 0, 0])
    chunks = {b"IHDR": head, b"IDAT": zlib.compress(rows, 1), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks.items())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
