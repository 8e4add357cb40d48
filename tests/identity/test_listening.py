"""No hub is open to a network by accident."""

from __future__ import annotations

import pytest

from pelagos import identity
from pelagos.domain import errors


class TestRefuseBeyondLoopback:
    @pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
    def test_lets_the_machine_itself_in(self, address: str) -> None:
        identity.refuse_beyond_loopback(address, configured=False)

    @pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.7", "hub.example", "", "127.0.0.1.example"])
    def test_refuses_what_others_can_reach(self, address: str) -> None:
        with pytest.raises(errors.InvalidInput, match="can be reached from other machines") as caught:
            identity.refuse_beyond_loopback(address, configured=False)

        assert "ssh -L" in caught.value.hint

    def test_leaves_it_to_a_provider_where_there_is_one(self) -> None:
        identity.refuse_beyond_loopback("0.0.0.0", configured=True)
