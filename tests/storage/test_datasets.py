"""Data sets: there as a whole or not at all, whoever comes, goes or dies in between."""

from __future__ import annotations

import concurrent.futures
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pelagos import storage
from pelagos.domain import clock, errors
from storage import archives
from storage.archives import FORMATS, GOOD

DYING = """
import os, pathlib, signal, sys
from pelagos import storage
from pelagos.domain import clock
from pelagos.storage import tree
root, archive, after = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
datasets = storage.Datasets(root, limits=storage.Limits(), clock=clock.SystemClock())
seen = 0
def audit(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.mkdir") and str(root) in str(arguments[0]):
        seen += 1
        if seen > after:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
datasets.add_archive("flowers", archive)
"""


class Place:
    """A hub's data sets."""

    def __init__(self, folder: Path, limits: storage.Limits) -> None:
        self.folder = folder
        self.root = folder / "datasets"
        self.time = clock.FixedClock()
        self.all = storage.Datasets(self.root, limits=limits, clock=self.time)

    def archive(self, contents: archives.Contents = GOOD, kind: str = "zip") -> Path:
        """Write an archive."""
        return archives.make(self.folder / f"flowers.{kind}", contents, kind)

    def files(self, name: str) -> dict[str, bytes]:
        """Give the files of a data set."""
        path = self.all.get(name).path
        return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}

    @property
    def left(self) -> list[str]:
        """Name what lies around beside data sets."""
        return [path.name for path in (self.root / ".staging").iterdir()]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A hub without data sets."""
    return Place(tmp_path, storage.Limits(files=5000, bytes=10_000_000))


class TestAddArchive:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_makes_a_data_set(self, place: Place, kind: str) -> None:
        made = place.all.add_archive("flowers", place.archive(kind=kind), f"flowers.{kind}")

        assert made == storage.Dataset(
            "flowers", 3, sum(map(len, GOOD.values())), place.time.now(), place.root / "flowers" / "files"
        )
        assert place.all.get("flowers") == made
        assert place.files("flowers") == GOOD
        assert place.left == []

    def test_leaves_out_one_folder_that_wraps_everything(self, place: Place) -> None:
        place.all.add_archive("one", place.archive({f"flowers/{name}": data for name, data in GOOD.items()}))
        place.all.add_archive("two", place.archive({f"my/flowers/{name}": data for name, data in GOOD.items()}))

        assert place.files("one") == GOOD
        assert set(place.files("two")) == {f"flowers/{name}" for name in GOOD}

    @pytest.mark.parametrize(
        "contents", [{"good": b"1", "../evil": b"2"}, {}, {f"{number}": b"" for number in range(5001)}]
    )
    def test_leaves_nothing_behind_that_is_refused(self, place: Place, contents: archives.Contents) -> None:
        with pytest.raises((errors.InvalidInput, errors.TooLarge)):
            place.all.add_archive("flowers", place.archive(contents))

        assert place.all.list() == ()
        assert place.left == []
        assert sorted(path.name for path in place.folder.iterdir()) == ["datasets", "flowers.zip"]

    def test_names_the_file_that_was_sent(self, place: Place) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            place.all.add_archive("flowers", place.archive({}), "my flowers.zip")

        assert caught.value.faults == {"my flowers.zip": ["holds no files"]}

    def test_keeps_what_is_there_under_the_name(self, place: Place) -> None:
        place.all.add_archive("flowers", place.archive())

        with pytest.raises(errors.Conflict, match="There is a data set flowers already"):
            place.all.add_archive("flowers", place.archive({"other": b"1"}))

        assert place.files("flowers") == GOOD

    @pytest.mark.parametrize("name", ["../evil", "a/b", ".staging", ""])
    def test_refuses_a_name_that_is_none(self, place: Place, name: str) -> None:
        with pytest.raises(errors.InvalidInput):
            place.all.add_archive(name, place.archive())

        assert not place.root.exists()

    def test_makes_one_data_set_of_many_sent_at_once(self, place: Place) -> None:
        archive = place.archive()

        def added(_: int) -> bool:
            try:
                place.all.add_archive("flowers", archive)
            except errors.Conflict:
                return False
            return True

        with concurrent.futures.ThreadPoolExecutor(6) as threads:
            assert sum(threads.map(added, range(6))) == 1
        assert place.files("flowers") == GOOD
        assert place.left == []

    @pytest.mark.parametrize("after", [0, 1, 3, 6, 9, 12])
    def test_can_be_killed_at_any_moment(self, place: Place, after: int) -> None:
        archive = place.archive()
        died = subprocess.run([sys.executable, "-c", DYING, place.root, archive, str(after)], timeout=60, check=False)
        assert died.returncode == -signal.SIGKILL

        assert place.all.list() == ()
        place.all.add_archive("flowers", archive)

        assert place.files("flowers") == GOOD
        assert place.left == []


class TestAddFiles:
    def test_takes_thousands(self, place: Place) -> None:
        files = []
        for number in range(3000):
            source = place.folder / f"upload-{number}"
            source.write_bytes(b"%d" % number)
            files.append((f"flowers/{number % 7}/ü{number}.jpg", source))

        made = place.all.add_files("flowers", files, move=True)

        assert made.files == 3000
        assert place.files("flowers")["3/ü10.jpg"] == b"10"
        assert not files[0][1].exists()

    def test_copies_files_that_stay(self, place: Place) -> None:
        source = place.folder / "mine"
        source.write_text("before")

        place.all.add_files("flowers", [("a.txt", source), ("b.txt", source)])

        source.write_text("after")
        assert place.files("flowers") == {"a.txt": b"before", "b.txt": b"before"}

    @pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a\0", "", "."])
    def test_refuses_a_name_that_is_unfit(self, place: Place, name: str) -> None:
        source = place.folder / "mine"
        source.write_text("1")

        with pytest.raises(errors.InvalidInput) as caught:
            place.all.add_files("flowers", [("good", source), (name, source)])

        assert set(caught.value.faults) == {"files"}
        assert place.all.list() == ()
        assert place.left == []

    def test_takes_no_link_away(self, place: Place) -> None:
        link = place.folder / "link"
        link.symlink_to("/etc/passwd")

        with pytest.raises(errors.InvalidInput, match="is no file"):
            place.all.add_files("flowers", [("a", link)], move=True)

    def test_refuses_none(self, place: Place) -> None:
        with pytest.raises(errors.InvalidInput, match="are none"):
            place.all.add_files("flowers", [])

    @pytest.mark.parametrize("move", [True, False])
    def test_refuses_too_much(self, place: Place, move: bool) -> None:
        source = place.folder / "large"
        with source.open("wb") as written:
            os.truncate(written.fileno(), 10_000_001)

        with pytest.raises(errors.TooLarge):
            place.all.add_files("flowers", [("a", source)], move=move)

        assert place.left == []


class TestList:
    def test_is_in_the_order_of_names_and_passes_over_what_is_no_data_set(self, place: Place) -> None:
        for name in ("b", "a", "C"):
            place.all.add_archive(name, place.archive())
        (place.root / "by hand").mkdir()
        (place.root / "note.txt").write_text("hello")

        assert [each.name for each in place.all.list()] == ["C", "a", "b"]

    def test_of_a_new_hub_is_empty(self, place: Place) -> None:
        assert place.all.list() == ()


class TestGet:
    @pytest.mark.parametrize(
        "name", ["nothing", "", ".", "..", ".staging", "flowers/files", "../datasets/flowers", "\0"]
    )
    def test_knows_nothing_else(self, place: Place, name: str) -> None:
        place.all.add_archive("flowers", place.archive())

        with pytest.raises(errors.NotFound):
            place.all.get(name)


class TestDelete:
    def test_removes_all_and_may_be_called_twice(self, place: Place) -> None:
        place.all.add_archive("flowers", place.archive())

        for _ in range(2):
            place.all.delete("flowers")

        assert place.all.list() == ()
        assert not (place.root / "flowers").exists()
        assert place.left == []

    def test_of_what_is_no_data_set_removes_nothing(self, place: Place) -> None:
        kept = place.archive()
        place.all.add_archive("flowers", kept)

        for name in ("", ".", "..", ".staging", "../flowers.zip", "flowers/files"):
            place.all.delete(name)

        assert kept.exists()
        assert place.files("flowers") == GOOD


class TestEntries:
    def test_lists_a_folder_folders_first(self, place: Place) -> None:
        place.all.add_archive("flowers", place.archive())

        assert place.all.entries("flowers") == (
            storage.Entry("train", "train", True, 0),
            storage.Entry("README.md", "README.md", False, 10),
        )
        assert [each.path for each in place.all.entries("flowers", "train")] == ["train/daisy", "train/rose"]

    def test_gives_a_page_of_a_large_folder(self, place: Place) -> None:
        place.all.add_archive("flowers", place.archive({f"{number:03}": b"" for number in range(100)}))

        assert [each.name for each in place.all.entries("flowers", limit=2, offset=50)] == ["050", "051"]

    @pytest.mark.parametrize("inner", ["..", "../..", "/etc", "train/../..", "README.md", "nothing", "\0", "x" * 9999])
    def test_never_leads_outside(self, place: Place, inner: str) -> None:
        place.all.add_archive("flowers", place.archive())

        with pytest.raises(errors.NotFound):
            place.all.entries("flowers", inner)


class TestPath:
    def test_gives_a_file(self, place: Place) -> None:
        place.all.add_archive("flowers", place.archive())

        assert place.all.path("flowers", "train/rose/1.jpg").read_bytes() == b"rose"

    def test_does_not_follow_a_link_that_somebody_put_there(self, place: Place) -> None:
        made = place.all.add_archive("flowers", place.archive())
        (made.path / "link").symlink_to("/etc/passwd")

        with pytest.raises(errors.NotFound):
            place.all.path("flowers", "link")


class TestStage:
    def test_of_somebody_who_works_is_left_alone(self, place: Place) -> None:
        source, seen = place.folder / "mine", []
        source.write_text("1")

        def slowly() -> Iterator[tuple[str, Path]]:
            # In the middle of one data set another one comes and looks for what is left.
            place.all.add_files("other", [("a", source)])
            seen.extend(place.left)
            yield "a", source

        place.all.add_files("flowers", slowly())

        assert len(seen) == 1
        assert [each.name for each in place.all.list()] == ["flowers", "other"]
