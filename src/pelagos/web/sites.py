"""Where jobs and deployments can run, and what each place could give now."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors, resources, states
from pelagos.sites import driver
from pelagos.web import desk as desks
from pelagos.web import recipes

_GOING = (states.State.QUEUED, states.State.STARTING, states.State.RUNNING)
_ABILITIES = {
    driver.Ability.GPU: "GPUs",
    driver.Ability.CONTAINER: "containers",
    driver.Ability.SERVICE: "deployments",
    driver.Ability.BATCH: "trainings and batch predictions",
    driver.Ability.MULTINODE: "several machines at once",
}


@dataclasses.dataclass(frozen=True)
class Place:
    """One site as the page shows it."""

    name: str
    abilities: tuple[str, ...]
    slots: int | None
    jobs: int
    """Jobs that it has or that wait for it."""
    offers: tuple[driver.Offer, ...] = ()
    trouble: str = ""
    """Why it did not answer; empty when it did."""


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [Route("/sites", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw it; all sites are asked at once."""
    return desk.page(
        request,
        "sites.html",
        title="Sites",
        section="sites",
        places=await places(desk),
        recipe=recipes.sites(desk.origin(request)),
    )


async def places(desk: desks.Desk) -> Sequence[Place]:
    """Ask every site what it could give."""
    going = await asyncio.to_thread(desk.hub.jobs.find, states=_GOING)
    counts = {name: sum(job.site == name for job in going) for name in desk.hub.sites}
    asked = (asyncio.to_thread(_place, name, site, counts[name]) for name, site in sorted(desk.hub.sites.items()))
    return await asyncio.gather(*asked)


def _place(name: str, site: driver.SiteDriver, jobs: int) -> Place:
    abilities = tuple(text for ability, text in _ABILITIES.items() if ability in site.can)
    found = Place(name, abilities, site.slots, jobs)
    try:
        return dataclasses.replace(found, offers=tuple(site.offers(resources.Resources())))
    except errors.PelagosError as error:
        return dataclasses.replace(found, trouble=error.message)
