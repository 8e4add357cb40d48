"""The guide tells the differences that the side-by-side tests show."""

from __future__ import annotations

import pytest

from side_by_side import questions, table


class TestGuide:
    def test_holds_the_table_that_the_checks_make(self) -> None:
        page = table.GUIDE.read_text()

        assert page == table.written(page), "write it anew: cd tests && python -m side_by_side.table"

    @pytest.mark.parametrize("check", [each for each in questions.CHECKS if each.verdict == "better"])
    def test_says_of_each_difference_what_was_and_what_is(self, check: questions.checks.Check) -> None:
        assert check.was
        assert check.now
