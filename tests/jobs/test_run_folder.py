"""Reading a run folder while it is written, before it is there, and after it is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pelagos.domain import errors
from pelagos.jobs import run_folder, zipping


@pytest.fixture
def folder(tmp_path: Path) -> run_folder.RunFolder:
    """An empty run folder."""
    return run_folder.RunFolder(tmp_path)


class TestLog:
    def test_is_read_from_any_byte(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_bytes(b"0123456789")

        assert folder.log() == (b"0123456789", 10, 10)
        assert folder.log(4, 3) == (b"456", 7, 10)
        assert folder.log(10) == (b"", 10, 10)

    def test_is_empty_while_there_is_none(self, folder: run_folder.RunFolder) -> None:
        assert folder.log() == (b"", 0, 0)

    def test_beyond_its_end_is_empty(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_bytes(b"0123")

        assert folder.log(100) == (b"", 100, 4)


class TestLogTail:
    def test_is_the_last_lines_and_where_to_go_on(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_bytes(b"one\ntwo\nthree\n")

        assert folder.log_tail(2) == (b"two\nthree\n", 14, 14)

    def test_has_a_line_that_is_not_finished(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_bytes(b"one\ntwo\nthr")

        assert folder.log_tail(2).data == b"two\nthr"

    def test_of_a_long_log_begins_with_a_whole_line(self, folder: run_folder.RunFolder) -> None:
        lines = [f"line {number}".encode() for number in range(10_000)]
        (folder.path / "log").write_bytes(b"\n".join(lines) + b"\n")

        tail = folder.log_tail(5)

        assert tail.data.splitlines() == lines[-5:]
        assert tail.end == tail.size == (folder.path / "log").stat().st_size

    def test_of_one_endless_line_is_its_end(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_bytes(b"." * 100_000)

        assert 0 < len(folder.log_tail(3).data) < 10_000

    def test_of_nothing_is_nothing(self, folder: run_folder.RunFolder) -> None:
        assert folder.log_tail(5) == (b"", 0, 0)
        (folder.path / "log").write_bytes(b"one\n")
        assert folder.log_tail(0).data == b""


class TestMetrics:
    def test_are_whole_lines_only(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "metrics.jsonl").write_bytes(b'{"step": 0}\n{"step": 1}\n{"st')

        rows, end = folder.metrics()

        assert rows == [{"step": 0}, {"step": 1}]
        assert end == 24

    def test_go_on_where_they_stopped(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "metrics.jsonl").write_bytes(b'{"step": 0}\n')
        _, end = folder.metrics()
        with (folder.path / "metrics.jsonl").open("ab") as more:
            more.write(b'{"step": 1}\n')

        assert folder.metrics(end) == ([{"step": 1}], 24)
        assert folder.metrics(24) == ([], 24)

    def test_survive_a_line_that_a_full_disk_cut_off(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "metrics.jsonl").write_bytes(b'{"step": 0}\n{"st\n7\n{"step": 2}\n')

        assert folder.metrics()[0] == [{"step": 0}, {"step": 2}]

    def test_are_none_while_there_is_no_file(self, folder: run_folder.RunFolder) -> None:
        assert folder.metrics() == ([], 0)


class TestSmallFiles:
    def test_read_as_none_while_they_are_not_there(self, folder: run_folder.RunFolder) -> None:
        looks = (folder.progress(), folder.heartbeat(), folder.outcome(), folder.result(), folder.spec())

        assert looks == (None,) * 5
        assert (folder.begun, folder.ended, folder.cancel_asked, folder.has_model) == (False,) * 4

    def test_read_as_they_are(self, folder: run_folder.RunFolder) -> None:
        for name in ("progress.json", "heartbeat", "outcome.json", "result.json", "spec.json"):
            (folder.path / name).write_text(json.dumps({"from": name}))
        (folder.path / "started").touch()

        assert folder.progress() == {"from": "progress.json"}
        assert folder.heartbeat() == {"from": "heartbeat"}
        assert folder.outcome() == {"from": "outcome.json"}
        assert folder.result() == {"from": "result.json"}
        assert folder.spec() == {"from": "spec.json"}
        assert folder.begun
        assert folder.ended


class TestHasModel:
    def test_is_never_said_of_a_link(
        self, folder: run_folder.RunFolder, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        elsewhere = tmp_path_factory.mktemp("home")
        (elsewhere / "id_rsa").touch()
        folder.model.symlink_to(elsewhere)

        assert not folder.has_model
        assert zipping.size(folder.model) == 0

    def test_is_about_what_lies_in_the_folder(self, folder: run_folder.RunFolder) -> None:
        folder.model.mkdir()
        empty = folder.has_model

        (folder.model / "weights").touch()

        assert (empty, folder.has_model) == (False, True)


class TestAskCancel:
    def test_keeps_the_date_of_the_first_time(self, folder: run_folder.RunFolder) -> None:
        folder.ask_cancel()
        first = (folder.path / "cancel").stat().st_mtime_ns

        folder.ask_cancel()

        assert (folder.path / "cancel").stat().st_mtime_ns == first

    def test_of_files_that_are_gone_is_not_found(self, tmp_path: Path) -> None:
        with pytest.raises(errors.NotFound):
            run_folder.RunFolder(tmp_path / "gone").ask_cancel()


class TestSignature:
    def test_changes_with_every_file_that_grows(self, folder: run_folder.RunFolder) -> None:
        seen = [folder.signature()]
        for name in ("started", "log", "metrics.jsonl", "progress.json", "outcome.json"):
            (folder.path / name).write_text("x")
            seen.append(folder.signature())

        assert len(set(seen)) == 6

    def test_stays_the_same_while_nothing_happens(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "log").write_text("x")

        assert folder.signature() == folder.signature()


class TestResult:
    @pytest.mark.parametrize("written", [b'{"a": "\\ud800x\\u0000"}', b'{"a": "\\uD800x\\u0000"}'])
    def test_has_no_signs_that_a_database_refuses(self, folder: run_folder.RunFolder, written: bytes) -> None:
        (folder.path / "result.json").write_bytes(written)

        assert folder.result() == {"a": "?x\ufffd"}

    def test_keeps_pairs_and_plain_text(self, folder: run_folder.RunFolder) -> None:
        (folder.path / "result.json").write_bytes(b'{"a": "\\ud83d\\ude00 \\\\ud8 \xc3\xbc"}')

        assert folder.result() == {"a": "\U0001f600 \\ud8 \u00fc"}

    @pytest.mark.parametrize("written", [b"{", b"\xff", b"[" * 200_000])
    def test_that_is_none_is_not_there(self, folder: run_folder.RunFolder, written: bytes) -> None:
        (folder.path / "result.json").write_bytes(written)

        assert folder.result() is None
