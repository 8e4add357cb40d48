"""Plans choose the best site, and say of every other why not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from pelagos.domain import errors, resources
from pelagos.orchestrator import plans
from pelagos.sites import driver, fake


class Offering(fake.FakeDriver):
    """A site that offers what a test says."""

    can: ClassVar[frozenset[driver.Ability]] = frozenset({driver.Ability.BATCH, driver.Ability.GPU})

    def __init__(self, folder: Path, *offers: driver.Offer) -> None:
        super().__init__(folder)
        self._offers = offers

    def offers(self, need: resources.Resources) -> Sequence[driver.Offer]:
        if not self._offers:
            raise errors.SiteUnreachable
        return self._offers


def offer(*, wait_s: float | None = 0.0, price: float | None = 0.0, reasons: tuple[str, ...] = ()) -> driver.Offer:
    return driver.Offer("s", reasons, resources.Resources(cpus=8), wait_s, price_per_hour=price)


NEED = resources.Resources(cpus=2)


class TestMake:
    def test_ranks_by_wait_price_and_what_is_free(self, tmp_path: Path) -> None:
        sites = {
            "dear": Offering(tmp_path, offer(price=3.0)),
            "slow": Offering(tmp_path, offer(wait_s=7200.0)),
            "good": Offering(tmp_path, offer()),
            "dark": Offering(tmp_path, offer(wait_s=None, price=None)),
        }

        plan = plans.make(NEED, sites)

        assert plan.site == "good"
        assert [row.site for row in plan.rows] == ["good", "dear", "dark", "slow"]
        assert plan.rows[0].score == 1.0
        assert plan.rows[0].reasons == ("It starts at once.", "It costs nothing.", "100% of its 8 cores are free.")

    def test_counts_what_runs_there_already(self, tmp_path: Path) -> None:
        sites = {"a": Offering(tmp_path, offer()), "b": Offering(tmp_path, offer())}

        plan = plans.make(NEED, sites, taken={"a": [resources.Resources(cpus=6)]})

        assert [row.site for row in plan.rows] == ["b", "a"]
        assert plan.rows[1].reasons[2] == "25% of its 8 cores are free."

    def test_says_why_not_of_every_other_site(self, tmp_path: Path) -> None:
        sites = {
            "full": Offering(tmp_path, offer(reasons=("It has 1 core.",))),
            "gone": Offering(tmp_path),
            "good": Offering(tmp_path, offer()),
        }

        plan = plans.make(NEED, sites)

        reasons = {row.site: row.reasons for row in plan.rows if not row.possible}
        assert reasons == {"full": ("It has 1 core.",), "gone": ("The site does not answer.",)}

    @pytest.mark.parametrize(
        ("need", "ability", "reason"),
        [
            (NEED, driver.Ability.SERVICE, "It cannot keep services running."),
            (resources.Resources(gpus=1), driver.Ability.BATCH, "It cannot give accelerators."),
        ],
    )
    def test_asks_no_site_that_is_unable(
        self, tmp_path: Path, need: resources.Resources, ability: driver.Ability, reason: str
    ) -> None:
        plan = plans.make(need, {"fake": fake.FakeDriver(tmp_path)}, ability=ability)

        assert (plan.site, plan.rows[0].reasons) == (None, (reason,))
        assert plan.why_not == f"fake: {reason}"

    def test_keeps_to_the_site_that_is_wanted(self, tmp_path: Path) -> None:
        sites = {"a": Offering(tmp_path, offer(price=9.0)), "b": Offering(tmp_path, offer())}

        plan = plans.make(NEED, sites, "a")

        assert plan.site == "a"
        assert plan.rows[1].reasons == ("'a' was asked for.",)

    def test_knows_no_site_that_is_not_there(self, tmp_path: Path) -> None:
        plan = plans.make(NEED, {"a": Offering(tmp_path, offer())}, "moon")

        assert plan.site is None
        assert "There is no site 'moon'." in plan.why_not

    def test_is_plain_json_in_the_end(self, tmp_path: Path) -> None:
        plain = plans.make(NEED, {"a": Offering(tmp_path, offer()), "b": Offering(tmp_path)}).as_json()

        assert plain["site"] == "a"
        assert plain["rows"][0]["free"]["cpus"] == 8
        assert plain["rows"][1] == {
            "site": "b",
            "possible": False,
            "score": None,
            "reasons": ["The site does not answer."],
            "wait_s": None,
            "price_per_hour": None,
            "free": None,
            "gpus": {},
            "dated": None,
        }
