from pathlib import Path
from typing import Any

from pelagos.cli import submitting
from pelagos.runtime import calls


class TestSubmitted:
    def test_leaves_files_and_folders_where_they_are(self, tmp_path: Path) -> None:
        file = calls.Upload("a.csv", size=1, path=tmp_path / "a.csv")
        schemas = {"table": {"format": "binary"}, "data": {"format": "folder"}, "n": {}, "none": {"format": "folder"}}
        parameters: list[dict[str, Any]] = [{"keyword": name, "schema": schema} for name, schema in schemas.items()]

        plain, files = submitting.submitted({"table": file, "data": "/x", "n": 1, "none": None}, parameters)

        assert plain["table"]["$file"]["path"] == str(tmp_path / "a.csv")
        assert (plain["data"], plain["n"], plain["none"], files) == ({"$folder": "/x"}, 1, None, {})

    def test_hands_copies_over(self) -> None:
        copies = [calls.Upload("a.csv", size=1, data=b"1"), calls.Upload("a.csv", size=1, data=b"2")]
        parameters: list[dict[str, Any]] = [
            {"keyword": "tables", "schema": {"type": "array", "items": {"format": "binary"}}}
        ]

        plain, files = submitting.submitted({"tables": copies}, parameters)

        assert [files[each["$file"]["path"]] for each in plain["tables"]] == [b"1", b"2"]
