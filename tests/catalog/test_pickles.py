"""Pickles that would run code are found, and never loaded."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

from pelagos.catalog import faults, pickles


class Evil:
    """Would make a folder when it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


class TestScan:
    def test_warns_of_what_runs_code(self, tmp_path: Path) -> None:
        mark = tmp_path / "mark"
        module = tmp_path / "module"
        (module / "weights").mkdir(parents=True)
        (module / "weights" / "evil.pkl").write_bytes(pickle.dumps(Evil(mark)))

        (found,) = pickles.scan(module)

        assert (found.file, found.severity) == ("weights/evil.pkl", faults.Severity.WARNING)
        assert "mkdir" in found.message
        assert not mark.exists()

    def test_looks_into_the_archives_of_torch(self, tmp_path: Path) -> None:
        with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
            archive.writestr("model/data.pkl", pickle.dumps(Evil(tmp_path / "mark")))

        (found,) = pickles.scan(tmp_path)

        assert found.file == "model.pt"

    def test_leaves_plain_data_alone(self, tmp_path: Path) -> None:
        (tmp_path / "labels.pkl").write_bytes(pickle.dumps({"a": [1, 2.0, "b"]}))
        (tmp_path / "weights.bin").write_bytes(bytes(100))

        assert pickles.scan(tmp_path) == ()

    def test_survives_what_is_broken(self, tmp_path: Path) -> None:
        whole = pickle.dumps(Evil(tmp_path / "mark"))
        (tmp_path / "cut.pkl").write_bytes(whole[:-5])
        (tmp_path / "cut.pt").write_bytes(b"PK\x03\x04" + whole)
        (tmp_path / "empty.pkl").write_bytes(b"")

        found = pickles.scan(tmp_path)

        assert "cut.pkl" in {each.file for each in found}
        assert not (tmp_path / "mark").exists()

    def test_follows_no_links_and_looks_at_no_environments(self, tmp_path: Path) -> None:
        outside = tmp_path / "evil.pkl"
        outside.write_bytes(pickle.dumps(Evil(tmp_path / "mark")))
        module = tmp_path / "module"
        (module / "venv").mkdir(parents=True)
        (module / "venv" / "evil.pkl").write_bytes(outside.read_bytes())
        (module / "evil.pkl").symlink_to(outside)

        assert pickles.scan(module) == ()
