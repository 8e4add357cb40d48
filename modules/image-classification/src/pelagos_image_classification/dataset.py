"""A data set as DEEP users have it: lists of pictures with labels, or a folder for each class. All faults at once."""

import os
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pelagos_image_classification import images

LISTS = ("train", "val", "test")
_SHOWN = 10
_LIST_FOLDERS = ("dataset_files", "data/dataset_files", ".")
_IMAGE_FOLDERS = ("images", "data/images", "demo-images", ".")
_DEEPS_FOLDER = PurePosixPath("data/images")  # What DEEP's forms send when nobody chose a folder.


class BadDataSet(Exception):
    """The data set cannot be used; `faults` are all the reasons."""

    def __init__(self, faults: Sequence[str]) -> None:
        more = [f"and {len(faults) - _SHOWN} more"] if len(faults) > _SHOWN else []
        self.faults = [*faults[:_SHOWN], *more]
        super().__init__("; ".join(self.faults))


@dataclass(frozen=True)
class Sample:
    """One picture."""

    name: str
    """As the list has it."""
    path: Path
    label: int | None
    """Number of the class; None in a test list without labels."""


Samples = tuple[Sample, ...]


@dataclass(frozen=True)
class DataSet:
    """The classes, and the pictures to learn from, to choose by and to judge by."""

    classes: tuple[str, ...]
    info: tuple[str, ...]
    """One free line a class, from info.txt; empty when there is none."""
    train: Samples
    val: Samples
    test: Samples
    notes: tuple[str, ...] = ()
    """What the reader decided and the user should know."""


@dataclass
class _Reading:
    """What is being read, and the faults so far."""

    images: Path
    classes: tuple[str, ...]
    faults: list[str] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)


def read(
    folder: Path,
    *,
    images_directory: str = "",
    split_ratios: Sequence[float] = (0.8, 0.1, 0.1),
    use_validation: bool = True,
    seed: int = 0,
) -> DataSet:
    """Read the data set in `folder`; raises BadDataSet with every fault that was found."""
    home = _home(folder)
    lists = next((home / name for name in _LIST_FOLDERS if (home / name / "train.txt").is_file()), None)
    if lists is not None:
        found = _read_lists(home, lists, images_directory)
    else:
        found = _read_folders(_images_folder(home, images_directory, first=None), split_ratios, seed)
    if not use_validation:
        return replace(found, train=found.train + found.val, val=()) if lists is None else replace(found, val=())
    return found if found.val else _with_validation(found, split_ratios, seed)


def _home(folder: Path) -> Path:
    """Step into a folder that holds nothing but one folder, as unpacked archives do."""
    if not folder.is_dir():
        raise BadDataSet([f"{folder} is not a folder"])
    inside = [child for child in folder.iterdir() if not child.name.startswith((".", "__MACOSX"))]
    wrapped = len(inside) == 1 and inside[0].is_dir() and any(child.is_dir() for child in inside[0].iterdir())
    return _home(inside[0]) if wrapped else folder


def _read_lists(home: Path, lists: Path, images_directory: str) -> DataSet:
    if not (lists / "classes.txt").is_file():
        raise BadDataSet([f"{lists / 'classes.txt'} is missing: one class name a line, the line's number is the label"])
    classes = _entries(lists / "classes.txt")
    rows = {name: _rows(lists / f"{name}.txt") for name in LISTS}
    first = next((line.rsplit(maxsplit=1)[0] for _, line in rows["train"]), None)
    reading = _Reading(_images_folder(home, images_directory, first), classes)
    reading.faults += _class_faults(classes)
    splits = [tuple(_samples(reading, name, rows[name])) for name in LISTS]
    if any(rows.values()) and not any(splits):
        reading.faults.insert(
            0, f"no picture is where it was looked for, {reading.images}: images_directory says where"
        )
    reading.faults += _empty_classes(classes, splits[0], "train.txt")
    if reading.faults:
        raise BadDataSet(reading.faults)
    info, notes = _info(lists / "info.txt", len(classes))
    return DataSet(classes, info, splits[0], splits[1], splits[2], notes)


def _images_folder(home: Path, images_directory: str, first: str | None) -> Path:
    """Find the folder of the pictures: the one given, else the usual ones, else any in which the first picture is."""
    given = home / images_directory
    if images_directory and (given.is_dir() or PurePosixPath(images_directory) != _DEEPS_FOLDER):
        # A whole path is the user's own word, like the data set's; a relative one must not climb out of it.
        if not given.is_dir() or not (Path(images_directory).is_absolute() or _inside(given, home)):
            raise BadDataSet([f"images_directory {images_directory!r} is not a folder in {home}"])
        return given
    usual = [home / name for name in _IMAGE_FOLDERS if (home / name).is_dir()]
    if first is None:
        return usual[0]
    others = sorted(child for child in home.iterdir() if child.is_dir())
    return next((place for place in (*usual, *others) if (place / first).is_file()), usual[0])


def _entries(path: Path) -> tuple[str, ...]:
    """Give the lines up to the last that says something: the number of a line is a label, so none is left out."""
    lines = [line.strip() for line in _lines(path)]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)


def _inside(place: Path, home: Path) -> bool:
    """Tell by the names alone, so that a link in the data set may lead elsewhere but nothing else does."""
    return Path(os.path.normpath(place)).is_relative_to(os.path.normpath(home))


def _rows(path: Path) -> list[tuple[int, str]]:
    """Give the lines that say something, with their numbers; none when the list is not there."""
    if not path.is_file():
        return []
    return [(number, line.strip()) for number, line in enumerate(_lines(path), start=1) if line.strip()]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise BadDataSet([f"{path.name} is not UTF-8 text ({error.reason} at byte {error.start})"]) from error


def _samples(reading: _Reading, name: str, rows: Iterable[tuple[int, str]]) -> Iterator[Sample]:
    for number, line in rows:
        place = f"{name}.txt line {number}"
        picture, label, fault = _parsed(reading, line, labelled=name != "test")
        fault = fault or _picture_fault(reading, picture, place)
        if fault:
            reading.faults.append(f"{place}: {fault}")
        else:
            yield Sample(picture, reading.images / picture, label)


def _parsed(reading: _Reading, line: str, *, labelled: bool) -> tuple[str, int | None, str]:
    """Split a line into picture, label and fault; a whole line that is a file has no label."""
    picture, word = line.rsplit(maxsplit=1) if len(line.split()) > 1 else ("", line)
    if not labelled and (not picture or not _is_number(word) or (reading.images / line).is_file()):
        return line, None, ""
    if not picture or not _is_number(word):
        return line, None, f"{line!r} does not end in a label, expected: path label"
    label, last = int(word), len(reading.classes) - 1
    return (
        picture,
        label,
        "" if 0 <= label <= last else f"label {label}, expected 0 to {last} as classes.txt has {last + 1} lines",
    )


def _is_number(word: str) -> bool:
    return word.removeprefix("-").isdecimal()


def _picture_fault(reading: _Reading, picture: str, place: str) -> str:
    pure = PurePosixPath(picture)
    if pure.is_absolute() or ".." in pure.parts:
        return f"{picture!r} is outside {reading.images}, expected a path in it"
    if str(pure) in reading.seen:
        return f"{picture!r} is also in {reading.seen[str(pure)]}, expected each picture once"
    reading.seen[str(pure)] = place
    return "" if (reading.images / picture).is_file() else f"{picture!r} is not in {reading.images}"


def _class_faults(classes: Sequence[str]) -> list[str]:
    twice = [
        f"classes.txt names {name!r} {count} times" for name, count in Counter(classes).items() if count > 1 and name
    ]
    twice += [
        f"classes.txt line {number} is empty, expected the name of class {number - 1}"
        for number, name in enumerate(classes, 1)
        if not name
    ]
    few = [f"classes.txt has {len(classes)} lines, expected at least 2"] if len(classes) < 2 else []
    return twice + few


def _empty_classes(classes: Sequence[str], samples: Samples, place: str) -> list[str]:
    counts = Counter(sample.label for sample in samples)
    return [
        f"class {label} ({name!r}) has no usable picture in {place}"
        for label, name in enumerate(classes)
        if not counts[label]
    ]


def _info(path: Path, classes: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    lines = _entries(path) if path.is_file() else ()
    if len(lines) == classes:
        return tuple("" if line == "-" else line for line in lines), ()
    note = f"info.txt has {len(lines)} lines, expected {classes} as classes.txt: it is ignored"
    return (), ((note,) if lines else ())


def _read_folders(home: Path, split_ratios: Sequence[float], seed: int) -> DataSet:
    folders = sorted(child for child in home.iterdir() if child.is_dir() and not child.name.startswith("."))
    pictures = {folder.name: sorted(_pictures(folder)) for folder in folders}
    faults = [f"class folder {name!r} has no pictures" for name, paths in pictures.items() if not paths]
    if len(folders) < 2:
        faults = [f"{home} has neither train.txt and classes.txt nor two or more folders of pictures, one a class"]
    if faults:
        raise BadDataSet(faults)
    samples = [
        Sample(path.relative_to(home).as_posix(), path, label)
        for label, paths in enumerate(pictures.values())
        for path in paths
    ]
    train, val, test = split(samples, split_ratios, seed)
    shares = ", ".join(f"{len(part)} {name}" for name, part in zip(LISTS, (train, val, test), strict=True))
    return DataSet(tuple(pictures), (), train, val, test, (f"no lists: the class folders were split into {shares}",))


def _pictures(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.suffix.lower() in images.SUFFIXES and path.is_file())


def _with_validation(found: DataSet, split_ratios: Sequence[float], seed: int) -> DataSet:
    """Hold back a part of the training pictures where nobody made a validation list."""
    train_share, val_share = split_ratios[0], split_ratios[1]
    whole = train_share + val_share
    train, val, _ = split(found.train, (train_share / whole, val_share / whole, 0.0), seed)
    note = f"no val.txt: {len(val)} of {len(found.train)} training pictures are held back for validation"
    return replace(found, train=train, val=val, notes=(*found.notes, note)) if val else found


def split(samples: Sequence[Sample], ratios: Sequence[float], seed: int) -> tuple[Samples, Samples, Samples]:
    """Split class by class, the same way for the same seed; each class keeps a picture to learn from."""
    parts: tuple[list[Sample], list[Sample], list[Sample]] = ([], [], [])
    chance = random.Random(seed)
    groups: dict[int, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(-1 if sample.label is None else sample.label, []).append(sample)
    for _, members in sorted(groups.items()):
        chance.shuffle(members)
        ends = _ends(len(members), ratios)
        for part, start, end in zip(parts, (0, *ends), (*ends, len(members)), strict=True):
            part.extend(members[start:end])
    return tuple(parts[0]), tuple(parts[1]), tuple(parts[2])


def _ends(count: int, ratios: Sequence[float]) -> tuple[int, int]:
    """Tell where the training and the validation part of `count` pictures end."""
    val = max(round(count * ratios[1]), 1 if ratios[1] > 0 and count >= 3 else 0)
    test = max(round(count * ratios[2]), 1 if ratios[2] > 0 and count >= 4 else 0)
    train = max(count - val - test, 1)
    return train, min(train + val, count)
