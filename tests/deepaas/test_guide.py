"""The guide tells the differences that the side-by-side tests show."""

from __future__ import annotations

import pytest

from pelagos.runtime import bodies
from pelagos.runtime import service as services
from side_by_side import questions, table


class TestGuide:
    def test_holds_the_table_that_the_checks_make(self) -> None:
        page = table.GUIDE.read_text()

        assert page == table.written(page), "write it anew: cd tests && python -m side_by_side.table"

    def test_tells_the_limits_as_they_are(self) -> None:
        page = table.GUIDE.read_text()

        assert f"{bodies.FIELDS_SIZE >> 20} MiB" in page
        assert f"{bodies.FIELDS_COUNT:,}, then 413" in page
        assert f"{services.RuntimeSettings().client_max_size >> 30} GiB with `pelagos run`" in page

    @pytest.mark.parametrize("check", [each for each in questions.CHECKS if each.verdict == "better"])
    def test_says_of_each_difference_what_was_and_what_is(self, check: questions.checks.Check) -> None:
        assert check.was
        assert check.now
