"""The way of a module into the catalog: check, propose, review, run its examples again."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any

import fastapi

from pelagos import catalog, identity, orchestrator
from pelagos.api import asking, shapes
from pelagos.catalog import proposal_store

router = fastapi.APIRouter(tags=["Proposals"])


class NewProposal(shapes.Asked):
    """A module to propose."""

    path: str
    """Its folder, on the hub's machine."""


class Said(shapes.Asked):
    """What a reviewer says."""

    comment: str = ""


class Proposal(shapes.Shape):
    """A module that somebody wants in the catalog."""

    id: str
    name: str
    state: proposal_store.State
    person: str
    created: datetime.datetime
    changed: datetime.datetime
    report: dict[str, Any]


@router.get("/proposals", response_model=shapes.Listed[Proposal])
def listed(hub: asking.Hub, state: proposal_store.State | None = None) -> dict[str, Any]:
    """List proposals, what changed last first."""
    found = hub.proposals.list(state)
    return shapes.listed([_shown(each) for each in found], len(found))


@router.post("/proposals", response_model=shapes.Act, status_code=202)
def propose(hub: asking.Hub, person: asking.Person, new: NewProposal, key: asking.Key = None) -> orchestrator.Act:
    """Begin to install and check the module of a folder, run its examples, and propose it; follow the act.

    Its result has the id of the proposal. For admins.
    """
    person.require(identity.Role.ADMIN)
    return hub.acts.begin(orchestrator.Kind.PROPOSAL, new.path, key=key, person=person.name)


@router.get("/proposals/{proposal_id}", response_model=Proposal)
def show(hub: asking.Hub, proposal_id: str) -> dict[str, Any]:
    """Give a proposal with the report of its check."""
    return _shown(hub.proposals.get(proposal_id))


@router.get("/proposals/{proposal_id}/history")
def history(hub: asking.Hub, proposal_id: str) -> dict[str, Any]:
    """List what happened to it and what was said, oldest first."""
    found = [dataclasses.asdict(step) for step in hub.proposals.history(proposal_id)]
    return shapes.listed(found, len(found))


@router.post("/proposals/{proposal_id}/accept", response_model=Proposal)
def accept(hub: asking.Hub, person: asking.Person, proposal_id: str, said: Said) -> dict[str, Any]:
    """Take its card into the catalog. For reviewers."""
    person.require(identity.Role.REVIEWER)
    return _shown(hub.proposals.accept(proposal_id, person.name, said.comment))


@router.post("/proposals/{proposal_id}/send-back", response_model=Proposal)
def send_back(hub: asking.Hub, person: asking.Person, proposal_id: str, said: Said) -> dict[str, Any]:
    """Return it to its author, saying what to do. For reviewers."""
    person.require(identity.Role.REVIEWER)
    return _shown(hub.proposals.send_back(proposal_id, person.name, said.comment))


@router.get("/modules/{name}/examples")
def examples(hub: asking.Hub, name: str) -> dict[str, Any]:
    """List how the examples of a module went, the last run first."""
    found = [dataclasses.asdict(run) for run in hub.proposals.runs(name)]
    return shapes.listed(found, len(found))


@router.post("/modules/{name}/examples")
def rerun(hub: asking.Hub, person: asking.Person, name: str) -> dict[str, Any]:
    """Run the examples of a module again; takes as long as the module does. For reviewers."""
    person.require(identity.Role.REVIEWER)
    found = [dataclasses.asdict(run) for run in hub.proposals.rerun(name)]
    return shapes.listed(found, len(found))


def _shown(proposal: catalog.proposals.Proposal) -> dict[str, Any]:
    return {**vars(proposal), "report": proposal.report.plain()}
