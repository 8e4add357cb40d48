"""Roles."""

from __future__ import annotations

import pytest

from pelagos import identity
from pelagos.domain import errors


class TestRequire:
    def test_lets_a_person_with_the_role_pass(self) -> None:
        identity.Person("ada", frozenset({identity.Role.REVIEWER}), "session").require(identity.Role.REVIEWER)

    def test_names_the_role_that_lacks(self) -> None:
        person = identity.Person("ada", frozenset({identity.Role.USER}), "session")

        with pytest.raises(errors.Forbidden, match="role admin, which ada does not have"):
            person.require(identity.Role.ADMIN)
