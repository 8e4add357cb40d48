"""What goes to a worker."""

import json
from pathlib import Path

from pelagos.runtime import calls


class TestPrepare:
    def test_sends_small_files_in_the_frame_and_large_ones_by_path(self) -> None:
        small = calls.Upload("a", size=3, content_type="x/y", data=b"abc")
        large = calls.Upload("b", size=9, path=Path("/tmp/b"))

        head, body = calls.prepare({"n": 1, "one": small, "many": [large, small]}, Path("/m"), None)

        assert json.loads(head) == {
            "arguments": {"n": 1},
            "model": "/m",
            "files": [["one", "a", "x/y", 3], [["many"], "b", "", "/tmp/b"], [["many"], "a", "x/y", 3]],
        }
        assert body == [b"abc", b"abc"]

    def test_numbers_the_files_of_a_form_that_the_module_parses(self) -> None:
        upload = calls.Upload("a", size=3, data=b"abc")
        raw = {"query": [], "form": [("text", "x"), ("file", upload)]}

        head, body = calls.prepare({}, None, raw)

        assert json.loads(head)["raw"]["form"] == [["text", "x"], ["file", None]]
        assert json.loads(head)["files"] == [[1, "a", "", 3]]
        assert body == [b"abc"]

    def test_keeps_lists_that_hold_no_files(self) -> None:
        head, _ = calls.prepare({"values": [1, 2], "empty": []}, None, None)

        assert json.loads(head) == {"arguments": {"values": [1, 2], "empty": []}}
