"""Review: modules that people propose, with what was found in them; accepted or sent back with a comment."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Hashable

import markupsafe
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.catalog import markdown, proposal_store
from pelagos.domain import errors
from pelagos.identity import Role
from pelagos.web import acts, recipes
from pelagos.web import desk as desks

SHOWN = 100


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these pages."""
    desk.live.add("proposals", functools.partial(_mark, desk))
    return [
        Route("/proposals", functools.partial(show_all, desk), methods=["GET"]),
        Route("/proposals/{id}", functools.partial(show, desk), methods=["GET"]),
        Route("/proposals/{id}", functools.partial(decide, desk), methods=["POST"]),
    ]


async def show_all(desk: desks.Desk, request: Request) -> Response:
    """List the proposals, those that wait first."""
    live = await desk.live.address("proposals", "acts")
    found = await asyncio.to_thread(desk.hub.proposals.list)
    waiting = [each for each in found if each.state == proposal_store.State.PROPOSED]
    decided = [each for each in found if each.state != proposal_store.State.PROPOSED]
    return desk.page(
        request,
        "proposals.html",
        title="Review",
        section="modules",
        live=live,
        acts=await asyncio.to_thread(acts.recent, desk, orchestrator.Kind.PROPOSAL),
        groups=[("Waiting for a reviewer", waiting), ("Decided", decided[:SHOWN])],
        recipe=recipes.publish(desk.origin(request)),
    )


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw one proposal."""
    return await _page(desk, request)


async def decide(desk: desks.Desk, request: Request) -> Response:
    """Accept it, or send it back."""
    person = desks.require(request, Role.REVIEWER)
    proposal_id = request.path_params["id"]
    said = await desks.said(request)
    comment = said.get("comment", "")[:10_000]
    act = desk.hub.proposals.accept if said.get("act") == "accept" else desk.hub.proposals.send_back
    try:
        await asyncio.to_thread(act, proposal_id, person, comment)
    except errors.InvalidInput as error:
        return await _page(desk, request, fault=" ".join(error.faults.get("comment", [error.message])))
    return RedirectResponse(f"/proposals/{proposal_id}", status_code=303)


async def _page(desk: desks.Desk, request: Request, fault: str = "") -> Response:
    proposal_id = request.path_params["id"]
    proposal = await asyncio.to_thread(desk.hub.proposals.get, proposal_id)
    history = await asyncio.to_thread(desk.hub.proposals.history, proposal_id)
    card = proposal.report.card
    return desk.page(
        request,
        "proposal.html",
        title=f"Review {card.title if card else proposal.name}",
        section="modules",
        http_status=422 if fault else 200,
        proposal=proposal,
        report=proposal.report,
        card=card,
        waiting=proposal.state == proposal_store.State.PROPOSED,
        history=history,
        # `markdown.render` lets through what can do nothing.
        readme=markupsafe.Markup(markdown.render(card.readme if card else "")),  # noqa: S704
        fault=fault,
        recipe=recipes.publish(desk.origin(request)),
    )


def _mark(desk: desks.Desk) -> Hashable:
    return tuple((each.id, each.state) for each in desk.hub.proposals.list())
