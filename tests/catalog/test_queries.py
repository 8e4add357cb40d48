"""A question stands whole in an address."""

from __future__ import annotations

import pytest

from pelagos.catalog import queries
from pelagos.catalog.queries import Facet, Query, Sort
from pelagos.domain import errors


class TestParameters:
    @pytest.mark.parametrize(
        "query",
        [
            Query(),
            Query("plankton & more"),
            Query("a", {Facet.TAG: ("b", "c=d"), Facet.LICENCE: ("MIT",)}, Sort.UPDATED, 50, 100),
        ],
    )
    def test_are_read_back(self, query: Query) -> None:
        assert queries.of_parameters(query.parameters()) == query

    def test_leave_out_what_is_usual(self) -> None:
        assert Query("a").parameters() == [("q", "a")]


class TestOfParameters:
    def test_names_all_that_is_wrong(self) -> None:
        with pytest.raises(errors.InvalidInput) as raised:
            queries.of_parameters([("limit", "many"), ("offset", "-1"), ("sort", "beauty")])

        assert set(raised.value.faults) == {"limit", "offset", "sort"}

    def test_limits_a_page(self) -> None:
        with pytest.raises(errors.InvalidInput, match="limit"):
            queries.of_parameters([("limit", "100000")])

    def test_leaves_the_pages_own_parameters_alone(self) -> None:
        assert queries.of_parameters([("theme", "dark")]) == Query()
