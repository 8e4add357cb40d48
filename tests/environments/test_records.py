import dataclasses
import json
from pathlib import Path

import pytest

from pelagos.environments import Installed, records


@pytest.fixture
def record(tmp_path: Path) -> Installed:
    python = tmp_path / "python"
    python.touch()
    return Installed("tiny", "native", "a:B", python, folder=tmp_path, siblings=("tiny",), extra=("torch",))


class TestRecord:
    def test_is_read_as_it_was_written(self, tmp_path: Path, record: Installed) -> None:
        records.write(tmp_path, record)

        assert records.read(tmp_path, "tiny") == record
        assert list(records.read_all(tmp_path)) == [record]

    def test_is_replaced_as_a_whole(self, tmp_path: Path, record: Installed) -> None:
        newer = dataclasses.replace(record, version="2")
        records.write(tmp_path, record)

        records.write(tmp_path, newer)

        assert records.read(tmp_path, "tiny") == newer
        assert [path.name for path in (tmp_path / "tiny").iterdir()] == ["installed.json"]

    def test_of_a_newer_pelagos_can_be_read(self, tmp_path: Path, record: Installed) -> None:
        (tmp_path / "tiny").mkdir()
        (tmp_path / "tiny" / "installed.json").write_text(json.dumps({**record.as_json(), "later": 1}))

        assert records.read(tmp_path, "tiny") == record

    def test_without_its_interpreter_is_none(self, tmp_path: Path, record: Installed) -> None:
        records.write(tmp_path, record)

        record.python.unlink()

        assert records.read(tmp_path, "tiny") is None

    def test_is_gone_once_forgotten(self, tmp_path: Path, record: Installed) -> None:
        records.write(tmp_path, record)

        records.forget(tmp_path, "tiny")
        records.forget(tmp_path, "tiny")

        assert records.read(tmp_path, "tiny") is None
        assert not (tmp_path / "tiny").exists()
