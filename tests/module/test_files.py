"""Files and folders as a module receives them."""

import os
from pathlib import Path

import pytest

from pelagos.module import File, Folder


class TestFileInMemory:
    def test_gives_its_bytes_without_touching_the_disk(self) -> None:
        file = File("photo.jpg", data=b"abc")

        assert (file.read(), file.size, file.open().read()) == (b"abc", 3, b"abc")
        assert file._made is None

    def test_is_written_when_a_path_is_asked_for_and_keeps_the_suffix(self) -> None:
        file = File("photo.jpg", data=b"abc")

        path = file.path

        assert (path.read_bytes(), path.suffix) == (b"abc", ".jpg")
        file.discard()

    def test_leaves_nothing_after_discard(self) -> None:
        file = File("photo.jpg", data=b"abc")
        path = file.path

        file.discard()

        assert not path.exists()

    def test_may_be_removed_by_the_module_itself(self) -> None:
        file = File("photo.jpg", data=b"abc")
        file.path.unlink()

        file.discard()

        assert file.size == 3

    def test_guesses_the_content_type_from_the_name(self) -> None:
        assert File("photo.jpg", data=b"").content_type == "image/jpeg"
        assert File("thing", data=b"").content_type == "application/octet-stream"

    def test_does_not_let_a_name_choose_where_it_is_written(self) -> None:
        file = File("../../etc/x.jpg", data=b"abc")

        assert file.path.parent == Path(os.path.realpath(os.environ.get("TMPDIR", "/tmp")))
        file.discard()


class TestFileOnDisk:
    def test_is_read_only_when_asked(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"abc")
        file = File("a.txt", path=tmp_path / "a.txt")

        assert (file.size, bytes(file.data), file.read()) == (3, b"abc", b"abc")

    def test_is_not_removed_by_discard(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_bytes(b"abc")
        file = File("a.txt", path=tmp_path / "a.txt")

        file.discard()

        assert file.path.exists()

    def test_needs_data_or_a_path(self) -> None:
        with pytest.raises(ValueError, match="data or a path"):
            File("nothing")


class TestFolder:
    def test_is_a_path_for_the_standard_library(self, tmp_path: Path) -> None:
        assert os.fspath(Folder(tmp_path)) == str(tmp_path)
