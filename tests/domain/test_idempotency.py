"""A key says that a request sent again is the same."""

import pytest

from pelagos.domain import idempotency


class TestFaults:
    @pytest.mark.parametrize("key", [None, "", "a", "a" * idempotency.LONGEST])
    def test_are_none_of_a_key_that_fits_and_of_no_key(self, key: str | None) -> None:
        assert idempotency.faults(key) == {}

    def test_tell_how_long_a_key_is(self) -> None:
        assert idempotency.faults("a" * 201) == {"key": ["has 201 characters; 200 are the most"]}
