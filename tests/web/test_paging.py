from __future__ import annotations

import pytest
from starlette.requests import Request

from pelagos.web import paging


def asked(query: str) -> Request:
    return Request({"type": "http", "path": "/runs", "query_string": query.encode(), "headers": []})


class TestPages:
    def test_keep_what_the_address_says_but_for_empty_fields(self) -> None:
        found = paging.pages(asked("text=a+b&state=&page=2"), total=120)

        assert (found.this, found.previous, found.next) == (
            "/runs?text=a+b&page=2",
            "/runs?text=a+b",
            "/runs?text=a+b&page=3",
        )
        assert (found.offset, found.last) == (50, 3)

    def test_have_no_neighbour_where_the_list_ends(self) -> None:
        first, last = paging.pages(asked(""), total=50), paging.pages(asked("page=3"), total=101)

        assert (first.previous, first.next, last.next) == ("", "", "")

    def test_beyond_the_end_lead_back_to_the_last(self) -> None:
        assert paging.pages(asked("page=900"), total=60).previous == "/runs?page=2"

    @pytest.mark.parametrize("said", ["0", "-1", "x", "1e3", "", "99999999", "٣"])
    def test_begin_at_one_for_nonsense(self, said: str) -> None:
        assert paging.number(asked(f"page={said}")) == 1
