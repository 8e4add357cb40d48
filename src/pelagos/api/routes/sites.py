"""Sites, what they could give, and the plan for a need: nothing is started here."""

from __future__ import annotations

from typing import Any

import fastapi

from pelagos import orchestrator
from pelagos.api import asking, shapes
from pelagos.domain import errors
from pelagos.domain import resources as needs
from pelagos.sites import driver

router = fastapi.APIRouter(tags=["Sites"])


class Need(shapes.Asked):
    """What a plan is wanted for."""

    resources: shapes.Resources = shapes.Resources()
    site: str | None = None
    """Only this one."""
    ability: driver.Ability = driver.Ability.BATCH
    """`batch` for runs, `service` for deployments."""


@router.get("/sites")
def listed(hub: asking.Hub) -> dict[str, Any]:
    """List the sites with what each offers now."""
    found = [_shown(name, asked) for name, asked in sorted(hub.sites.items())]
    return shapes.listed(found, len(found))


@router.post("/plan")
def plan(hub: asking.Hub, need: Need) -> dict[str, Any]:
    """Tell which site would be chosen for a need, and what speaks for and against each."""
    wanted = need.resources.needs()
    if need.ability is driver.Ability.BATCH:
        return hub.runs.plan(wanted, need.site).as_json()
    return orchestrator.plans.make(wanted, hub.sites, need.site, need.ability).as_json()


def _shown(name: str, asked: driver.SiteDriver) -> dict[str, Any]:
    try:
        offers, message = asked.offers(needs.Resources()), ""
    except errors.Unavailable as error:
        offers, message = (), error.message
    return {
        "name": name,
        "can": sorted(asked.can),
        "slots": asked.slots,
        "message": message,
        "offers": [_offer(offer) for offer in offers],
    }


def _offer(offer: driver.Offer) -> dict[str, Any]:
    free = offer.free.as_json() if offer.free else None
    return {**vars(offer), "gpus": dict(offer.gpus), "free": free, "possible": offer.possible}
