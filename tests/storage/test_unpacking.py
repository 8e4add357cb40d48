"""Archives from anybody: good ones are unpacked, the others refused, and nothing is written outside."""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import stat
import struct
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from pelagos.domain import errors
from pelagos.storage import limits, unpacking
from storage import archives
from storage.archives import FORMATS, GOOD, member

SMALL = limits.Limits(files=50, bytes=1 << 30, ratio=50)
TEST_SEED = 4


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Where an archive is written; beside it nothing may change."""
    return tmp_path / "archive"


@pytest.fixture
def into(tmp_path: Path) -> Path:
    """The folder to unpack into."""
    folder = tmp_path / "into"
    folder.mkdir()
    return folder


def unpacked(into: Path) -> dict[str, bytes]:
    """Give the files of a folder by name."""
    return {str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()}


def fault(archive: Path, into: Path, most: limits.Limits = SMALL) -> str:
    """Give what is said against an archive; nothing may have been written outside of its folder."""
    with pytest.raises(errors.InvalidInput) as caught:
        unpacking.unpack(archive, into, most)
    assert sorted(path.name for path in into.parent.iterdir()) == ["archive", "into"]
    assert all(stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR) for path in into.rglob("*"))
    (message,) = caught.value.faults["archive"]
    return message


class TestUnpack:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_writes_what_is_in_the_archive(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, GOOD, kind)

        filled = unpacking.unpack(archive, into, SMALL)

        assert unpacked(into) == GOOD
        assert (filled.files, filled.bytes) == (len(GOOD), sum(map(len, GOOD.values())))

    @pytest.mark.parametrize("kind", FORMATS)
    def test_keeps_names_in_all_scripts(self, archive: Path, into: Path, kind: str) -> None:
        names = {"blüten/розы/薔薇 🌹.txt": b"r", "a b/c'd\"e<f>&g;$(h).txt": b"s", "-rf": b"t", "..hidden": b"u"}
        archives.make(archive, names, kind)

        unpacking.unpack(archive, into, SMALL)

        assert unpacked(into) == names

    def test_goes_by_the_bytes_whatever_the_name(self, tmp_path: Path, into: Path) -> None:
        archive = archives.make(tmp_path / "flowers.rar", GOOD, "tar.gz")

        assert unpacking.unpack(archive, into, SMALL).files == len(GOOD)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_leaves_out_what_file_managers_leave(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, {"a/1": b"1", "__MACOSX/a/._1": b"x", "a/.DS_Store": b"x"}, kind)

        assert unpacking.unpack(archive, into, SMALL).files == 1
        assert unpacked(into) == {"a/1": b"1"}

    def test_reads_the_folders_of_windows(self, archive: Path, into: Path) -> None:
        archives.zipped(archive, {"train\\rose\\1.jpg": b"1"})

        unpacking.unpack(archive, into, SMALL)

        assert unpacked(into) == {"train/rose/1.jpg": b"1"}

    def test_gives_files_no_rights_of_the_archive(self, archive: Path, into: Path) -> None:
        script = member("run.sh", size=0)
        script.mode = 0o6777
        archives.odd_tar(archive, script)

        unpacking.unpack(archive, into, SMALL)

        assert stat.S_IMODE((into / "run.sh").stat().st_mode) & 0o7111 == 0

    @pytest.mark.parametrize("kind", FORMATS)
    def test_leaves_nothing_open(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, GOOD, kind)

        unpacking.unpack(archive, into, SMALL)

        assert not [held for held in held_open() if held.startswith((str(archive), str(into)))]

    def test_reads_several_packed_parts_in_a_row(self, archive: Path, into: Path) -> None:
        plain = archives.tarred(archive, GOOD).read_bytes()
        archive.write_bytes(gzip.compress(plain[:700], mtime=0) + gzip.compress(plain[700:]))

        unpacking.unpack(archive, into, SMALL)

        assert unpacked(into) == GOOD


def held_open() -> list[str]:
    """Return what this process has open; what other tests left may be closed meanwhile."""
    held = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            held.append(str(link.readlink()))
    return held


class TestNames:
    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("../evil", "leads out of its folder"),
            ("a/../../evil", "leads out of its folder"),
            ("..\\evil", "leads out of its folder"),
            ("/etc/evil", "is an absolute path"),
            ("\\\\server\\evil", "is an absolute path"),
            ("C:\\evil", "is an absolute path"),
            ("a\nb", "control characters"),
            ("a\x1b[31mb", "control characters"),
            ("n" * 256, "too long a name"),
            ("d/" * 600 + "f", "too long a name"),
        ],
    )
    def test_that_are_unfit_are_refused(self, archive: Path, into: Path, kind: str, name: str, why: str) -> None:
        archives.make(archive, {"good": b"1", name: b"x"}, kind)

        assert why in fault(archive, into)

    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize(
        ("first", "second", "why"),
        [
            ("a/Rose.jpg", "a/rose.JPG", "there twice"),
            ("a/ro\u0308se", "a/r\u00f6se", "there twice"),
            ("Train/a", "train/b", "another folder in its case only"),
            ("a", "a/b", "is a file and a folder"),
            ("a/b", "a", "there twice"),
            ("a/b", "A", "there twice"),
        ],
    )
    def test_that_clash_are_refused(
        self, archive: Path, into: Path, kind: str, first: str, second: str, why: str
    ) -> None:
        archives.make(archive, {first: b"1", second: b"2"}, kind)

        assert why in fault(archive, into)

    def test_that_come_twice_in_a_tar_file_are_refused(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("a"), member("./a"))

        assert "there twice" in fault(archive, into)

    @pytest.mark.filterwarnings("ignore:Duplicate name")
    def test_that_come_twice_in_a_zip_file_are_refused(self, archive: Path, into: Path) -> None:
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("a", "1")
            packed.writestr("a", "2")

        assert "there twice" in fault(archive, into)

    def test_that_hide_something_behind_a_nul_are_refused(self, archive: Path, into: Path) -> None:
        archives.odd_zip(archive, "good\0/../..")

        assert "control characters" in fault(archive, into)

    def test_that_are_no_text_are_refused(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("caf\udce9"))

        assert "not a name in UTF-8" in fault(archive, into)

    def test_of_nothing_are_refused(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("."))

        assert "no name of a file" in fault(archive, into)


class TestKinds:
    @pytest.mark.parametrize(
        "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
    )
    def test_other_than_files_and_folders_are_refused_in_tar(self, archive: Path, into: Path, kind: bytes) -> None:
        archives.odd_tar(archive, member("evil", kind=kind, target="/etc/passwd"))

        assert "only files and folders are taken" in fault(archive, into)

    @pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
    def test_other_than_files_and_folders_are_refused_in_zip(self, archive: Path, into: Path, kind: int) -> None:
        archives.odd_zip(archive, "", mode=kind | 0o777)

        assert "only files and folders are taken" in fault(archive, into)

    def test_a_link_cannot_be_written_through(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("a", kind=tarfile.SYMTYPE, target=".."), member("a/evil"))

        fault(archive, into)

        assert not (into.parent / "evil").exists()

    def test_files_with_holes_are_refused(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("holes", kind=tarfile.GNUTYPE_SPARSE))

        assert "a file with holes" in fault(archive, into)


class TestLimits:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_of_the_number_of_files_hold(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, {f"{number}": b"" for number in range(51)}, kind)

        with pytest.raises(errors.TooLarge, match="more than 50 files"):
            unpacking.unpack(archive, into, SMALL)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_of_the_number_of_files_count_folders(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, {"/".join(f"{part}" for part in range(60)): b""}, kind)

        with pytest.raises(errors.TooLarge, match="more than 50 files"):
            unpacking.unpack(archive, into, SMALL)

    @pytest.mark.parametrize("kind", FORMATS)
    def test_of_the_size_hold(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, {"a": os.urandom(60_000), "b": os.urandom(60_000)}, kind)

        with pytest.raises(errors.TooLarge, match="more than 100,000 bytes"):
            unpacking.unpack(archive, into, limits.Limits(bytes=100_000))

        assert sum(len(data) for data in unpacked(into).values()) < 300_000

    def test_of_the_ratio_stop_a_zip_bomb(self, archive: Path, into: Path) -> None:
        archives.zip_bomb(archive, 200 << 20)

        with pytest.raises(errors.TooLarge, match="more than 50 times its size"):
            unpacking.unpack(archive, into, SMALL)

        assert (into / "zeros").stat().st_size <= 66 << 20

    @pytest.mark.parametrize("packing", ["gz", "bz2", "xz"])
    def test_of_the_ratio_stop_a_tar_bomb_that_holds_nothing(self, archive: Path, into: Path, packing: str) -> None:
        # What is left out is not written, and is still unpacked.
        archives.tarred(archive, {"__MACOSX/zeros": bytes(100 << 20), "a": b""}, packing)

        with pytest.raises(errors.TooLarge, match="more than 50 times its size"):
            unpacking.unpack(archive, into, SMALL)

    def test_are_not_talked_round_by_a_size_that_lies(self, archive: Path, into: Path) -> None:
        archives.lying_zip(archive, 200 << 20)

        assert "is broken" in fault(archive, into)
        assert sum(len(data) for data in unpacked(into).values()) <= 1

    @pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
    def test_of_memory_hold_for_heads(self, archive: Path, into: Path, kind: bytes) -> None:
        head = member("head", kind=kind, size=60 << 20).tobuf(tarfile.GNU_FORMAT)
        archive.write_bytes(gzip.compress(head + bytes(60 << 20) + member("a").tobuf() + bytes(1024), 1))
        tracemalloc.start()

        with pytest.raises(errors.TooLarge, match="description of a file"):
            unpacking.unpack(archive, into, limits.Limits())

        assert tracemalloc.get_traced_memory()[1] < 10 << 20
        tracemalloc.stop()

    def test_of_memory_hold_for_the_directory_of_a_zip_file(self, archive: Path, into: Path) -> None:
        archives.zipped(archive, {"a": b"1"})
        end = archive.read_bytes()[-22:]
        with archive.open("r+b") as written:
            written.seek(200 << 20)
            written.write(end[:12] + struct.pack("<II", 199 << 20, 0) + end[20:])

        with pytest.raises(errors.TooLarge, match="directory of the archive"):
            unpacking.unpack(archive, into, limits.Limits())


class TestFault:
    def test_of_an_encrypted_zip_file_says_so(self, archive: Path, into: Path) -> None:
        archives.odd_zip(archive, "", flags=0x1)

        assert "is encrypted ('placeholder')" in fault(archive, into)

    @pytest.mark.parametrize(("method", "name"), [(9, "deflate64"), (12, "bzip2"), (14, "lzma"), (99, "unknown")])
    def test_of_another_packing_names_it(self, archive: Path, into: Path, method: int, name: str) -> None:
        archives.odd_zip(archive, "", method=method)

        assert f"not read here ({name})" in fault(archive, into)

    @pytest.mark.parametrize(
        ("begins", "what"),
        [
            (b"", "an empty file"),
            (b"hello", "no archive"),
            (b"\x28\xb5\x2f\xfd....", "a zstd archive"),
            (b"Rar!....", "a RAR archive"),
            (gzip.compress(b"only one file", mtime=0), "no archive"),
            (b"\x1f\x8b\x08broken", "no archive"),
        ],
    )
    def test_of_what_is_no_archive_names_what_is_read(
        self, archive: Path, into: Path, begins: bytes, what: str
    ) -> None:
        archive.write_bytes(begins)

        message = fault(archive, into)

        assert what in message
        assert "expected zip, tar, tar.gz, tar.bz2, tar.xz" in message

    @pytest.mark.parametrize("kind", FORMATS)
    def test_of_an_empty_archive_says_so(self, archive: Path, into: Path, kind: str) -> None:
        archives.make(archive, {}, kind)

        assert fault(archive, into) == "holds no files"

    @pytest.mark.parametrize("kind", FORMATS)
    @pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.99])
    def test_of_an_archive_that_was_cut_off_says_so(self, archive: Path, into: Path, kind: str, share: float) -> None:
        noise = random.Random(TEST_SEED).randbytes
        archives.make(archive, {f"{number}": noise(5000) for number in range(20)}, kind)
        whole = archive.read_bytes().rstrip(b"\0") if kind == "tar" else archive.read_bytes()
        archive.write_bytes(whole[: int(len(whole) * share)])

        assert "broken" in fault(archive, into)

    def test_of_a_tar_file_that_ends_between_two_files_says_so(self, archive: Path, into: Path) -> None:
        archives.tarred(archive, {"a": b"1" * 512, "b": b"2" * 512})
        archive.write_bytes(archive.read_bytes()[:1024])

        assert "cut off" in fault(archive, into)

    def test_of_a_damaged_byte_says_so(self, archive: Path, into: Path) -> None:
        archives.make(archive, {"a": os.urandom(5000)}, "zip")
        data = bytearray(archive.read_bytes())
        data[2000] ^= 1
        archive.write_bytes(data)

        assert "broken" in fault(archive, into)

    def test_shows_a_hostile_name_without_what_acts_in_it(self, archive: Path, into: Path) -> None:
        archives.odd_tar(archive, member("\x1b]0;evil\x07/../" + "x" * 200))

        message = fault(archive, into)

        assert message.isprintable()
        assert len(message) < 150


class TestNoise:
    @pytest.mark.parametrize("kind", FORMATS)
    def test_never_ends_in_anything_but_a_clear_error(self, tmp_path: Path, kind: str) -> None:
        whole = archives.make(tmp_path / "whole", {**GOOD, "ü" * 120: b"long"}, kind).read_bytes()
        dice = random.Random(TEST_SEED)

        for turn in range(150):
            data = bytearray(whole)
            for _ in range(dice.choice((1, 3, 30))):
                data[dice.randrange(len(data))] = dice.randrange(256)
            (tmp_path / "noisy").write_bytes(data)
            into = tmp_path / f"into-{turn}"
            into.mkdir()
            with contextlib.suppress(errors.InvalidInput, errors.TooLarge):
                unpacking.unpack(tmp_path / "noisy", into, SMALL)

        assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"whole", "noisy", "into"}

    def test_in_the_heads_of_a_tar_file_never_ends_in_anything_else(self, tmp_path: Path) -> None:
        dice = random.Random(TEST_SEED)
        for turn in range(300):
            made = member("a", size=5)
            made.pax_headers = {"comment": "c" * dice.randrange(2000), "path": "p" * 150}
            head = bytearray(made.tobuf(tarfile.PAX_FORMAT))
            for _ in range(3):
                at = dice.randrange(len(head))
                head[at] = dice.randrange(256)
            for start in range(0, len(head), 512):
                _correct_sum(head, start)
            (tmp_path / "noisy").write_bytes(bytes(head) + b"hello".ljust(512, b"\0") + bytes(1024))
            into = tmp_path / f"into-{turn}"
            into.mkdir()
            with contextlib.suppress(errors.InvalidInput, errors.TooLarge):
                unpacking.unpack(tmp_path / "noisy", into, SMALL)

        assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"noisy", "into"}

    @pytest.mark.parametrize("size", [-1, -512, -(1 << 40), 1 << 62])
    def test_in_the_size_of_a_file_does_not_turn_us_in_circles(self, archive: Path, into: Path, size: int) -> None:
        head = bytearray(member("a").tobuf(tarfile.GNU_FORMAT))
        head[124:136] = (b"\xff" if size < 0 else b"\x80") + size.to_bytes(11, "big", signed=True)
        _correct_sum(head, 0)
        archive.write_bytes(bytes(head) + bytes(2048))

        with pytest.raises((errors.InvalidInput, errors.TooLarge)):
            unpacking.unpack(archive, into, SMALL)


def _correct_sum(head: bytearray, start: int) -> None:
    block = head[start : start + 512]
    if len(block) == 512:
        total = sum(block[:148]) + 256 + sum(block[156:])
        head[start + 148 : start + 156] = b"%06o\0 " % total


class TestFormatOf:
    @pytest.mark.parametrize(("kind", "expected"), [(kind, kind[:3]) for kind in FORMATS])
    def test_is_read_from_the_bytes(self, archive: Path, kind: str, expected: str) -> None:
        archives.make(archive, GOOD, kind)

        assert unpacking.format_of(archive) == expected

    @pytest.mark.parametrize(
        "data",
        [b"", b"PK", b"a,b\n1,2\n" * 100, gzip.compress(b"a,b\n" * 500, mtime=0), bytes(100)],
        ids=["empty", "two letters", "text", "packed text", "zeros"],
    )
    def test_is_none_for_a_file(self, archive: Path, data: bytes) -> None:
        archive.write_bytes(data)

        assert unpacking.format_of(archive) is None
