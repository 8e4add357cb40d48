"""Small files that are never seen half written."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from pelagos.module import durable


class TestWrite:
    def test_replaces_the_whole_content(self, tmp_path: Path) -> None:
        durable.write(tmp_path / "a", b"a long first content")

        durable.write(tmp_path / "a", b"short")

        assert (tmp_path / "a").read_bytes() == b"short"
        assert [path.name for path in tmp_path.iterdir()] == ["a"]

    def test_keeps_the_old_content_when_it_fails(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_bytes(b"old")
        (tmp_path / "a.tmp").mkdir()

        with pytest.raises(IsADirectoryError):
            durable.write(tmp_path / "a", b"new")

        assert (tmp_path / "a").read_bytes() == b"old"

    def test_is_for_the_owners_eyes_only(self, tmp_path: Path) -> None:
        durable.write_json(tmp_path / "a", {"secret": 1})

        assert json.loads((tmp_path / "a").read_bytes()) == {"secret": 1}
        assert (tmp_path / "a").stat().st_mode & 0o077 == 0


class TestWriteAll:
    def test_writes_more_than_a_pipe_takes_at_once(self) -> None:
        incoming, outgoing = os.pipe()
        os.set_blocking(outgoing, True)
        data = bytes(range(256)) * 200

        durable.write_all(outgoing, data)
        os.close(outgoing)

        with os.fdopen(incoming, "rb") as source:
            assert source.read() == data
