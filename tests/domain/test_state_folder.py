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
