"""The same questions to DEEPaaS 2.6.0 and to Pelagos: every check holds as it is declared."""

from __future__ import annotations

import collections
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from side_by_side import questions
from side_by_side.checks import Check, alike, holds
from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]


def named(check: Check) -> str:
    return f"{check.topic}: {check.name}"


class TestDifferential:
    @pytest.mark.parametrize("check", [each for each in questions.CHECKS if each.verdict == "same"], ids=named)
    def test_is_the_same(self, check: Check, deepaas: Server, pelagos: Server) -> None:
        theirs, ours = check.ask(deepaas), check.ask(pelagos)

        assert alike(ours, theirs), f"DEEPaaS: {theirs}\nPelagos: {ours}"

    @pytest.mark.parametrize("check", [each for each in questions.CHECKS if each.verdict == "better"], ids=named)
    def test_is_better(
        self,
        check: Check,
        deepaas: Server,
        pelagos: Server,
        deepaas_alone: Callable[[str], AbstractContextManager[Server]],
    ) -> None:
        ours = check.ask(pelagos)
        if check.alone:
            with deepaas_alone(check.alone) as broken:
                theirs = check.ask(broken)
        else:
            theirs = check.ask(deepaas)

        assert holds(check.gives, ours), ours
        assert holds(check.fault, theirs), theirs

    def test_asks_each_question_once(self) -> None:
        names = collections.Counter(named(check) for check in questions.CHECKS)

        assert [name for name, count in names.items() if count > 1] == []

    def test_asks_at_least_62(self) -> None:
        assert len(questions.CHECKS) >= 62
