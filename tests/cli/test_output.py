import datetime
import json
from pathlib import Path

import pytest

from pelagos.cli import output
from pelagos.domain import resources, states


class TestSize:
    @pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (17_300_000, "17.3 MB"), (2.5e9, "2.5 GB")])
    def test_has_a_fitting_unit(self, size: float, text: str) -> None:
        assert output.size(size) == text


class TestDuration:
    @pytest.mark.parametrize(("seconds", "text"), [(3.21, "3.2 s"), (245, "4:05 min"), (7800, "2:10:00 h")])
    def test_reads_as_people_say_it(self, seconds: float, text: str) -> None:
        assert output.duration(seconds) == text


class TestNumber:
    @pytest.mark.parametrize(("value", "text"), [(1 / 3, "0.3333"), (None, "-"), (1e-9, "1e-09"), (12, "12")])
    def test_has_four_digits(self, value: float | None, text: str) -> None:
        assert output.number(value) == text


class TestTable:
    def test_lets_nothing_steer_the_terminal(self, capsys: pytest.CaptureFixture[str]) -> None:
        output.table(["TITLE"], [["\x1b[2Jowls\x9b2J\ud800é"]])
        output.note("two\nlines\x07")

        said = capsys.readouterr()
        assert said.out == "TITLE\n\ufffd[2Jowls\ufffd2J\ufffdé\n"
        assert said.err == "two\nlines\ufffd\n"

    def test_is_as_wide_as_it_must_be(self, capsys: pytest.CaptureFixture[str]) -> None:
        output.table(("A", "LONG"), [("wide cell", 1), ("b", "")])

        assert capsys.readouterr().out == "A          LONG\nwide cell  1\nb\n"


class TestAsJson:
    def test_writes_what_our_records_hold(self, capsys: pytest.CaptureFixture[str]) -> None:
        time = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
        output.as_json({"a": states.State.DONE, "b": time, "c": Path("/x"), "d": resources.Resources(cpus=1)})

        shown = json.loads(capsys.readouterr().out)

        assert (shown["a"], shown["b"], shown["c"]) == ("done", "2026-01-01T00:00:00+00:00", "/x")
        assert shown["d"]["cpus"] == 1


class TestAnswer:
    def test_shows_classes_as_a_table(self, capsys: pytest.CaptureFixture[str]) -> None:
        output.answer({"labels": ["rose", "daisy"], "probabilities": [0.9, 0.1]}, title="a.jpg:")

        assert capsys.readouterr().out == "a.jpg:\nCLASS  PROBABILITY\nrose   90.0%\ndaisy  10.0%\n"

    def test_shows_the_rest_as_json(self, capsys: pytest.CaptureFixture[str]) -> None:
        output.answer({"labels": "none"})

        assert json.loads(capsys.readouterr().out) == {"labels": "none"}
