"""Whether a site has room for one more job."""

from __future__ import annotations

from typing import Any

import pytest

from pelagos.domain import resources
from pelagos.jobs import placing

FOUR = resources.Resources(cpus=4, gpus=1, memory_mb=1000)


class TestFits:
    @pytest.mark.parametrize(
        ("there", "wanted", "slots", "fits"),
        [
            ([], {}, 1, True),
            ([{}], {}, 1, False),
            ([{}, {}], {}, None, True),
            ([], {}, 0, False),
            ([{"cpus": 2}], {"cpus": 2}, 2, True),
            ([{"cpus": 3}], {"cpus": 2}, 2, False),
            ([{"cpus": 4}], {}, 2, True),
            ([{}], {"cpus": 4}, 2, True),
            ([{"gpus": 1}], {"gpus": 1}, 9, False),
            ([{"cpus": 4}], {"gpus": 1}, 9, True),
            ([{"memory_mb": 600}], {"memory_mb": 500}, 9, False),
        ],
    )
    def test_counts_slots_and_what_was_asked_for(
        self, there: list[dict[str, int]], wanted: dict[str, int], slots: int | None, fits: bool
    ) -> None:
        taken = [resources.Resources(**need) for need in there]

        assert placing.fits(taken, resources.Resources(**wanted), slots=slots, capacity=FOUR) is fits

    def test_lets_only_the_modest_in_when_the_capacity_is_unknown(self) -> None:
        assert placing.fits([], resources.Resources(), slots=1, capacity=None)
        assert not placing.fits([], resources.Resources(cpus=1), slots=1, capacity=None)


class TestAsks:
    @pytest.mark.parametrize(
        ("need", "asks"), [({}, False), ({"wall_time_s": 5.0}, False), ({"cpus": 1}, True), ({"gpus": 1}, True)]
    )
    def test_is_about_what_a_site_could_lack(self, need: dict[str, Any], asks: bool) -> None:
        assert placing.asks(resources.Resources(**need)) is asks
