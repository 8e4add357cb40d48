"""Queries and forms are read as the standard library reads them."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pelagos.domain import errors
from pelagos.runtime import bodies

PIECES = st.sampled_from([b"a", b"b=", b"=", b"&", b";", b"%41", b"%", b"+", b" ", b"\xc3\xa9", b"\xff", b"\x00"])


def head(query: bytes, **headers: str) -> bodies.Head:
    return bodies.Head(
        {"query_string": query, "headers": [(name.encode(), value.encode()) for name, value in headers.items()]}
    )


class TestHead:
    @given(st.lists(PIECES, max_size=12).map(b"".join))
    def test_reads_a_query_as_the_library_does(self, query: bytes) -> None:
        text = query.decode("utf-8", "replace")

        assert head(query).pairs == urllib.parse.parse_qsl(text, keep_blank_values=True)

    def test_gives_all_values_of_a_name(self) -> None:
        assert head(b"a=1&b=2&a=3").query == {"a": ["1", "3"], "b": ["2"]}

    @pytest.mark.parametrize("name", [b"a", b"%61"])
    def test_refuses_too_many_fields(self, name: bytes) -> None:
        assert len(head(b"&".join([name] * bodies.FIELDS_COUNT)).pairs) == bodies.FIELDS_COUNT

        with pytest.raises(errors.TooLarge, match="1000 fields"):
            _ = head(b"&".join([name] * (bodies.FIELDS_COUNT + 1))).pairs

    def test_tells_the_media_type_and_the_length(self) -> None:
        said = head(b"", **{"content-type": "Text/Plain; charset=utf-8", "content-length": "12"})

        assert (said.kind, said.media_type, said.length) == ("Text/Plain; charset=utf-8", "text/plain", 12)

    @pytest.mark.parametrize(
        "headers", [{"content-length": "many"}, {"content-length": "3", "transfer-encoding": "chunked"}]
    )
    def test_does_not_guess_a_length(self, headers: dict[str, str]) -> None:
        assert head(b"", **headers).length is None
