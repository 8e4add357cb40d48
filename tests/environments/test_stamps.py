from pathlib import Path

from pelagos.environments import stamps
from pelagos.environments.sources import Source, SourceKind


class TestStamp:
    def test_of_a_folder_changes_with_what_it_asks_for(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("one")
        source = Source(SourceKind.FOLDER, str(tmp_path))
        first = stamps.of(source, [])

        (tmp_path / "code.py").write_text("changed")
        same = stamps.of(source, [])
        (tmp_path / "requirements-extra.txt").write_text("numpy")
        other = stamps.of(source, [])

        assert first == same != other

    def test_of_a_wheel_changes_with_its_content(self, tmp_path: Path) -> None:
        wheel = tmp_path / "a.whl"
        wheel.write_text("one")
        first = stamps.of(Source(SourceKind.WHEEL, str(wheel)), [])

        wheel.write_text("two")

        assert stamps.of(Source(SourceKind.WHEEL, str(wheel)), []) != first

    def test_changes_with_the_requirements_beside(self) -> None:
        source = Source(SourceKind.INDEX, "name==1.0")

        assert stamps.of(source, []) != stamps.of(source, ["torch==2.13.0"])

    def test_is_empty_for_what_may_change_elsewhere(self) -> None:
        moving = [
            Source(SourceKind.INDEX, "name"),
            Source(SourceKind.INDEX, "name==1.*"),
            Source(SourceKind.GIT, "https://example.org/a", (), "main"),
            Source(SourceKind.WHEEL, "https://example.org/a.whl"),
        ]

        assert [stamps.of(source, []) for source in moving] == ["", "", "", ""]

    def test_of_a_commit_stays(self) -> None:
        assert stamps.of(Source(SourceKind.GIT, "https://example.org/a", (), "0" * 40), [])


class TestDiskUse:
    def test_counts_files_and_no_links(self, tmp_path: Path) -> None:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "file").write_bytes(b"x" * 100_000)
        (tmp_path / "link").symlink_to("/proc")

        assert 100_000 <= stamps.disk_use(tmp_path) < 200_000
