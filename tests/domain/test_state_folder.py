from pathlib import Path

import pytest

from pelagos.domain import state_folder


class TestStateFolder:
    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({"HOME": "/home/a"}, "/home/a/.local/share/pelagos"),
            ({"HOME": "/home/a", "XDG_DATA_HOME": "/data"}, "/data/pelagos"),
            ({"HOME": "/home/a", "XDG_DATA_HOME": "relative"}, "/home/a/.local/share/pelagos"),
        ],
    )
    def test_follows_the_xdg_specification(self, environ: dict[str, str], expected: str) -> None:
        assert state_folder.default(environ) == Path(expected)

    def test_is_its_owners_alone(self, tmp_path: Path) -> None:
        folder = tmp_path / "share" / "pelagos"

        state_folder.make(folder)
        state_folder.make(folder)

        assert folder.stat().st_mode & 0o777 == 0o700

    def test_that_is_there_keeps_its_rights(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o750)

        state_folder.make(tmp_path)

        assert tmp_path.stat().st_mode & 0o777 == 0o750
