"""Forms and queries are read as the standard library reads them."""

import urllib.parse

from hypothesis import given
from hypothesis import strategies as st

from pelagos.module import forms

PIECES = st.sampled_from([b"a", b"b=", b"=", b"&", b";", b"%41", b"%", b"+", b" ", b"\xc3\xa9", b"\xff", b"\x00"])


class TestPairs:
    @given(st.lists(PIECES, max_size=12).map(b"".join))
    def test_are_those_that_the_library_finds(self, text: bytes) -> None:
        found = forms.pairs(text)

        assert found == urllib.parse.parse_qsl(text.decode("utf-8", "replace"), keep_blank_values=True)


class TestTooMany:
    def test_tells_whether_there_may_be_more_than_are_read(self) -> None:
        most = b"&".join([b"a"] * forms.FIELDS_COUNT)

        assert not forms.too_many(most)
        assert forms.too_many(most + b"&a")
