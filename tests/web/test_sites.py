from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from pelagos.domain import errors, resources
from pelagos.sites import driver, fake
from pelagos.web import desk, sites
from web.visits import Visitor


class Silent(fake.FakeDriver):
    def offers(self, need: resources.Resources) -> Sequence[driver.Offer]:
        raise errors.SiteUnreachable("no route to host")


class TestSites:
    def test_say_what_they_could_give_now(self, visitor: Visitor) -> None:
        page = visitor.get("/sites").text

        assert "trainings and batch predictions" in page
        assert ">answers</span>" in page

    def test_that_do_not_answer_leave_the_others_in_sight(self, visitor: Visitor, tmp_path: Path) -> None:
        asked = {"far": Silent(tmp_path / "far"), "near": fake.FakeDriver(tmp_path / "near", slots=3)}
        hub = dataclasses.replace(visitor.hub, sites=asked)

        far, near = asyncio.run(sites.places(desk.Desk(hub)))

        assert (far.name, far.trouble, far.offers) == ("far", "no route to host", ())
        assert (near.name, near.trouble, near.slots, near.offers[0].free) == ("near", "", 3, fake.HAS)
