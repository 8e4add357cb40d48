"""Data sets as people really have them."""

import itertools
import shutil
from collections import Counter
from pathlib import Path

import pytest

from builders import encoded, noise, stripes, write, write_lists
from pelagos_image_classification import dataset

PICTURE = encoded(noise((8, 8)))


def lists(folder: Path, train: list[str], classes: tuple[str, ...] = ("a", "b"), **others: list[str]) -> Path:
    """Write lists, and a picture for every file they name but for those called "absent"."""
    for line in itertools.chain(train, *others.values()):
        name = line.rsplit(maxsplit=1)[0] if line.rsplit(maxsplit=1)[-1].lstrip("-").isdecimal() else line
        if name and "absent" not in name and ".." not in name and not name.startswith("/"):
            write(folder / "images" / name, PICTURE)
    write_lists(folder, classes, {"train": train, **others})
    return folder


def faults_of(folder: Path, **options: object) -> list[str]:
    with pytest.raises(dataset.BadDataSet) as caught:
        dataset.read(folder, **options)  # type: ignore[arg-type]
    return caught.value.faults


class TestListsOfPictures:
    def test_are_read_as_deep_wrote_them(self, plankton: Path) -> None:
        data = dataset.read(plankton)

        assert data.classes[0] == "Actinoptychus"
        assert (len(data.train), len(data.val), len(data.test)) == (82, 15, 8)
        assert all(sample.path.is_file() for sample in (*data.train, *data.val, *data.test))

    def test_may_name_files_with_spaces_and_hashes_and_classes_with_spaces(self, tmp_path: Path) -> None:
        data = dataset.read(lists(tmp_path, ["my photo #1.png 0", "b\tc.png 1", "deep/er.png 1"], ("sea star", "b")))

        assert data.classes == ("sea star", "b")
        assert {sample.name: sample.label for sample in (*data.train, *data.val)} == {
            "my photo #1.png": 0,
            "b\tc.png": 1,
            "deep/er.png": 1,
        }

    def test_may_leave_the_labels_out_of_the_test_list(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"], test=["c.png", "photo 7", "d.png 1"])
        write(folder / "images" / "photo 7", PICTURE)

        test = dataset.read(folder).test

        assert [(sample.name, sample.label) for sample in test] == [("c.png", None), ("photo 7", None), ("d.png", 1)]

    def test_are_found_with_windows_line_ends_and_a_byte_order_mark(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"])
        for name in ("classes", "train"):
            path = folder / "dataset_files" / f"{name}.txt"
            path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

        data = dataset.read(folder, use_validation=False)

        assert data.classes == ("a", "b")
        assert [sample.label for sample in data.train] == [0, 1]

    def test_may_lie_beside_the_pictures_in_a_wrapped_folder(self, tmp_path: Path) -> None:
        inner = tmp_path / "archive" / "my data"
        for name in ("x/a.png", "x/b.png"):
            write(inner / name, PICTURE)
        write(inner / "classes.txt", b"a\nb")
        write(inner / "train.txt", b"x/a.png 0\nx/b.png 1\n")

        assert len(dataset.read(tmp_path, use_validation=False).train) == 2

    def test_find_pictures_in_the_folder_that_is_named(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"])
        (folder / "images").rename(folder / "my pictures")

        found = dataset.read(folder, use_validation=False).train
        named = dataset.read(folder, images_directory="my pictures", use_validation=False).train
        whole = dataset.read(folder, images_directory=str(folder / "my pictures"), use_validation=False).train

        assert found == named == whole
        assert faults_of(folder, images_directory="elsewhere") == [
            f"images_directory 'elsewhere' is not a folder in {folder}"
        ]
        assert "is not a folder in" in faults_of(folder, images_directory="../..")[0]

    def test_take_the_default_of_deep_s_form_for_no_word_about_the_folder(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"])

        usual = dataset.read(folder, images_directory="./data/images", use_validation=False).train
        shutil.copytree(folder / "images", folder / "data" / "images")
        there = dataset.read(folder, images_directory="./data/images", use_validation=False).train

        assert {sample.path.parent for sample in usual} == {folder / "images"}
        assert {sample.path.parent for sample in there} == {folder / "data" / "images"}

    def test_find_pictures_anywhere_by_a_whole_path(self, tmp_path: Path) -> None:
        (tmp_path / "set").mkdir()
        folder = lists(tmp_path / "set", ["a.png 0", "b.png 1"])
        (folder / "images").rename(tmp_path / "pictures")

        found = dataset.read(folder, images_directory=str(tmp_path / "pictures"), use_validation=False)

        assert len(found.train) == 2

    def test_hold_back_a_part_for_validation_where_there_is_no_list_of_it(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, [f"{label}-{number}.png {label}" for label in (0, 1) for number in range(10)])

        data = dataset.read(folder, seed=3)

        assert Counter(sample.label for sample in data.val) == {0: 1, 1: 1}
        assert len(data.train) == 18
        assert "held back for validation" in data.notes[0]
        assert dataset.read(folder, seed=3) == data
        assert len(dataset.read(folder, use_validation=False).train) == 20

    def test_use_the_lines_of_info_txt_when_they_fit(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"])
        write(folder / "dataset_files" / "info.txt", b"the first\n-\n")
        fitting = dataset.read(folder)
        write(folder / "dataset_files" / "info.txt", b"the first\n-\nmore\n")
        other = dataset.read(folder)

        assert fitting.info == ("the first", "")
        assert other.info == ()
        assert "info.txt has 3 lines, expected 2" in other.notes[0]


class TestABrokenDataSet:
    def test_is_refused_with_all_faults_at_once(self, tmp_path: Path) -> None:
        folder = lists(
            tmp_path,
            ["a.png 0", "absent.png 1", "a.png 0", "b.png 7", "c.png -1", "no-label.png", "../out.png 0", "/etc/x 1"],
            ("a", "b"),
            val=["a.png 1"],
        )

        faults = faults_of(folder)

        assert faults == [
            f"train.txt line 2: 'absent.png' is not in {folder / 'images'}",
            "train.txt line 3: 'a.png' is also in train.txt line 1, expected each picture once",
            "train.txt line 4: label 7, expected 0 to 1 as classes.txt has 2 lines",
            "train.txt line 5: label -1, expected 0 to 1 as classes.txt has 2 lines",
            "train.txt line 6: 'no-label.png' does not end in a label, expected: path label",
            f"train.txt line 7: '../out.png' is outside {folder / 'images'}, expected a path in it",
            f"train.txt line 8: '/etc/x' is outside {folder / 'images'}, expected a path in it",
            "val.txt line 1: 'a.png' is also in train.txt line 1, expected each picture once",
            "class 1 ('b') has no usable picture in train.txt",
        ]

    def test_is_refused_with_the_first_of_many_faults(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", *(f"absent{number}.png 0" for number in range(99))])

        assert len(faults_of(folder)) == 11
        assert faults_of(folder)[-1] == "and 90 more"

    def test_is_told_how_to_say_where_the_pictures_are_when_none_is_found(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["absent.png 0", "absent too.png 1"])

        assert faults_of(folder)[0] == f"no picture is where it was looked for, {folder}: images_directory says where"

    def test_is_refused_when_a_name_of_a_class_is_missing_or_comes_twice(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1", "c.png 2", "d.png 3"], ("a", "", "c", "a", ""))

        assert faults_of(folder) == [
            "classes.txt names 'a' 2 times",
            "classes.txt line 2 is empty, expected the name of class 1",
        ]

    def test_is_refused_when_it_has_one_class(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0"], ("a",))

        assert faults_of(folder) == ["classes.txt has 1 lines, expected at least 2"]

    def test_is_refused_when_a_list_is_no_text(self, tmp_path: Path) -> None:
        folder = lists(tmp_path, ["a.png 0", "b.png 1"])
        write(folder / "dataset_files" / "train.txt", PICTURE)

        assert "train.txt is not UTF-8 text" in faults_of(folder)[0]

    def test_is_refused_when_there_is_nothing(self, tmp_path: Path) -> None:
        assert "neither train.txt and classes.txt nor" in faults_of(tmp_path)[0]
        assert faults_of(tmp_path / "absent") == [f"{tmp_path / 'absent'} is not a folder"]
        write(tmp_path / "train.txt", b"a.png 0\n")
        assert "classes.txt is missing" in faults_of(tmp_path)[0]


class TestClassFolders:
    def test_are_split_class_by_class_and_the_same_for_the_same_seed(self, plankton: Path) -> None:
        data = dataset.read(plankton / "demo-images", seed=1)
        again = dataset.read(plankton / "demo-images", seed=1)
        other = dataset.read(plankton / "demo-images", seed=2)

        assert len(data.train) + len(data.val) + len(data.test) == 105
        assert data == again
        assert {sample.name for sample in data.train} != {sample.name for sample in other.train}
        assert set(Counter(sample.label for sample in data.val)) == set(range(6))

    def test_keep_to_the_ratios(self, plankton: Path) -> None:
        data = dataset.read(plankton / "demo-images", split_ratios=(0.5, 0.5, 0))

        assert abs(len(data.train) - len(data.val)) <= 6
        assert data.test == ()

    def test_without_pictures_are_named(self, tmp_path: Path) -> None:
        write(tmp_path / "full" / "a.png", PICTURE)
        write(tmp_path / "empty" / "readme.md", b"")

        assert faults_of(tmp_path) == ["class folder 'empty' has no pictures"]

    def test_with_one_picture_each_are_learned_from(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            write(tmp_path / name / "1.png", PICTURE)

        assert len(dataset.read(tmp_path).train) == 2


class TestTheBuilders:
    def test_write_what_the_reader_reads(self, tmp_path: Path) -> None:
        data = dataset.read(stripes(tmp_path))

        assert (len(data.train), len(data.val), len(data.test)) == (12, 6, 4)
