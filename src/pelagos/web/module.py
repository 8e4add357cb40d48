"""The page of one module: its card on the left, facts on the right, and what can be done with it."""

from __future__ import annotations

import asyncio
import functools
import urllib.parse
import uuid
from typing import Any

import markupsafe
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos import orchestrator
from pelagos.catalog import card, markdown
from pelagos.catalog import examples as example_runs
from pelagos.catalog.exports import citing, formats, linked_data
from pelagos.domain import errors, records
from pelagos.runtime.console import status as statuses
from pelagos.web import acts, recipes, shelf, using
from pelagos.web import desk as desks

RUNS = 8
"""Runs and deployments that its page lists."""
VERSIONS = 8
"""Versions that its page lists at once."""
_LINKS = {
    "source": "Source code",
    "documentation": "Documentation",
    "paper": "Paper",
    "demo": "Demo",
    "weights": "Weights",
    "dataset": "Data set",
    "base_model": "Base model",
    "training_files": "Training files",
}
_CITED = {"bibtex": "BibTeX", "apa": "APA", "ris": "RIS", "cff": "CITATION.cff"}


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page."""
    return [Route("/modules/{name}", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page."""
    live = await desk.live.address("acts", "runs", "deployments")
    version = request.query_params.get("version", "")
    entry = await asyncio.to_thread(shelf.find, desk, request.path_params["name"], version)
    installation = await asyncio.to_thread(acts.installation, desk, entry.source)
    if _waited_for(request, installation):
        return Response(headers={"HX-Refresh": "true"})
    origin = desk.origin(request)
    query = f"?version={urllib.parse.quote(entry.record.version, safe='')}" if entry.older else ""
    address = origin + using.address(entry.card.name) + query
    work = await asyncio.to_thread(_work, desk, entry)
    description = work.pop("description")
    serving = work["serving"]
    return desk.page(
        request,
        "module.html",
        title=entry.card.title,
        section="modules",
        live=live,
        entry=entry,
        card=entry.card,
        here=using.address(entry.card.name),
        readme=_readme(entry.card),
        data=markupsafe.Markup(linked_data.in_page(linked_data.json_ld(entry.card, address))),  # noqa: S704
        links=[(text, found) for key, text in _LINKS.items() if (found := getattr(entry.card.links, key))],
        cited=_cited(desk, entry.card, address),
        files=f"/api/v1/modules/{entry.card.name}/card",
        query=query,
        shown_versions=VERSIONS,
        formats=formats.FORMATS,
        ways=using.ways(
            entry.card, description, origin=origin, source=entry.source, deployment=serving.id if serving else ""
        ),
        predicts=bool(shelf.method(description, "predict")),
        trains=bool(shelf.method(description, "train")),
        installation=installation,
        key=uuid.uuid4().hex,
        recipe=recipes.module(origin, entry.card.name, entry.record.version if entry.older else ""),
        **work,
    )


def _waited_for(request: Request, installation: orchestrator.Act | None) -> bool:
    """Whether a page that follows an installation asks how it goes, and it went well: all of the page has changed."""
    followed = request.headers.get("hx-target") == "installation"
    return followed and installation is not None and installation.state is orchestrator.ActState.DONE


def _work(desk: desks.Desk, entry: shelf.Entry) -> dict[str, Any]:
    """Look up what has become of the module here."""
    name, hub, now = entry.card.name, desk.hub, desk.hub.clock.now()
    trouble, description = "", None
    if entry.installed is not None:
        try:
            description = hub.modules.describe(entry.installed)
        except errors.PelagosError as error:
            trouble = error.message
    jobs = hub.jobs.find(module=name, limit=RUNS)
    found = hub.deployments.find(module=name, limit=RUNS)
    return {
        "description": description,
        "trouble": trouble,
        "runs": [statuses.row(job, hub.jobs.run_folder(job.id), now, {}) for job in jobs],
        "training": records.Kind.TRAINING,
        "deployments": found,
        "serving": shelf.serving(desk, name),
        "examples": entry.card.examples,
        "checked": _checked(desk, entry),
        "faults": shelf.faults(desk, entry),
        "versions": hub.cards.versions(name),
    }


def _checked(desk: desks.Desk, entry: shelf.Entry) -> dict[int, example_runs.ExampleRun]:
    """Find the last run of each example, by its place in the card."""
    names = {each.name or f"example {number}": number - 1 for number, each in enumerate(entry.card.examples, start=1)}
    ran = desk.hub.proposals.runs(entry.card.name) if names else ()
    told = [each for each in ran if each.name in names and (not entry.older or each.version == entry.card.version)]
    return {names[each.name]: each for each in reversed(told)}


def _readme(each: card.Card) -> markupsafe.Markup:
    # The only HTML that is not written by a template: `markdown.render` lets through what can do nothing.
    return markupsafe.Markup(markdown.render(each.readme, each.links.source or ""))  # noqa: S704


def _cited(desk: desks.Desk, each: card.Card, address: str) -> list[tuple[str, str, str]]:
    now = desk.hub.clock.now()
    written = {key: formats.FORMATS[key].write(each, address, now) for key in _CITED if key != "apa"}
    written["apa"] = citing.apa(each, address)
    return [(key, text, written[key].strip()) for key, text in _CITED.items()]
