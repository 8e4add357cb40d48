"""What of a request is for the hub only."""

from __future__ import annotations

import pytest

from pelagos.identity import credentials

Raw = list[tuple[bytes, bytes]]


class TestWithout:
    @pytest.mark.parametrize(
        ("headers", "kept"),
        [
            ([(b"cookie", b"pelagos_session=s")], []),
            ([(b"cookie", b"a=1; pelagos_session=s;b=2")], [(b"cookie", b"a=1; b=2")]),
            ([(b"cookie", b"pelagos_session_x=1")], [(b"cookie", b"pelagos_session_x=1")]),
            ([(b"authorization", b"BEARER t"), (b"accept", b"*/*")], [(b"accept", b"*/*")]),
            ([(b"authorization", b"token jupyter")], [(b"authorization", b"token jupyter")]),
        ],
    )
    def test_takes_out_session_and_token_and_nothing_else(self, headers: Raw, kept: Raw) -> None:
        assert credentials.without(headers) == kept


class TestSession:
    @pytest.mark.parametrize("cookie", [b"pelagos_session=s", b"a=1; pelagos_session=s ;b=2", b" pelagos_session =s"])
    def test_is_read_from_the_cookie(self, cookie: bytes) -> None:
        assert credentials.session([(b"cookie", cookie)]) == "s"

    @pytest.mark.parametrize("cookie", [b"\xa0pelagos_session=s", b"\x85pelagos_session=s", b"pelagos_sessions=s", b""])
    def test_is_never_what_would_be_passed_on(self, cookie: bytes) -> None:
        assert credentials.session([(b"cookie", cookie)]) == ""


class TestToken:
    def test_is_read_whatever_the_case_of_its_scheme(self) -> None:
        assert credentials.token([(b"authorization", b"bEaReR  abc ")]) == "abc"
