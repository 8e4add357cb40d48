"""Modules and their cards: search, show, download, install; the feed."""

from __future__ import annotations

import urllib.parse
from typing import Annotated, Any

import fastapi
from starlette.requests import Request
from starlette.responses import Response

from pelagos import catalog, environments, identity, orchestrator
from pelagos.api import asking, shapes
from pelagos.catalog import queries
from pelagos.catalog.exports import atom, formats
from pelagos.domain import errors

FEED = 50
"""Cards in a feed."""

router = fastapi.APIRouter(tags=["Modules"])


class Wanted(shapes.Asked):
    """A module to install."""

    source: str
    """A folder, a wheel, a git address or a name on PyPI."""


@router.get("/modules", response_model=shapes.Modules)
def find(hub: asking.Hub, request: Request) -> dict[str, Any]:
    """Search the catalog: `q`, `sort`, `limit`, `offset`, and facets by name, each as often as one likes."""
    query = queries.of_parameters(request.query_params.multi_items())
    found = catalog.search(hub.cards, query)
    installed = {each.name for each in hub.modules.list()}
    items = [{**vars(hit), "installed": hit.name in installed} for hit in found.hits]
    facets = {str(facet): counts for facet, counts in found.facets.items()}
    told = {"matching": found.matching, "repaired": dict(found.repaired), "facets": facets}
    return {**shapes.listed(items, found.total), **told}


@router.get("/modules.atom", response_class=Response)
def feed(hub: asking.Hub, tag: str = "", category: str = "") -> Response:
    """Give what changed last as an Atom feed, of all modules, or of a tag or a category."""
    given = {catalog.Facet.TAG: tag.casefold(), catalog.Facet.CATEGORY: category}
    chosen = {facet: (value,) for facet, value in given.items() if value}
    cards = [record.card for record in hub.cards.latest(chosen, FEED)]
    written = atom.atom(
        cards,
        title=" ".join(["Pelagos:", *(value for value in (tag, category) if value)]) if chosen else "Pelagos: modules",
        address=f"{hub.address}/api/v1/modules.atom",
        page=lambda name: _page(hub, name),
        now=hub.clock.now(),
    )
    return Response(written, media_type="application/atom+xml")


@router.get("/modules/{name}", response_model=shapes.Card)
def show(hub: asking.Hub, name: str, version: str = "") -> dict[str, Any]:
    """Give a module's card, the newest or that of a version."""
    installed = _installed(hub, name)
    try:
        record = _record(hub, name, version)
    except errors.NotFound:
        if installed is None or version:
            raise
        bare = {"card": {"name": name}, "source": "installed", "commit": "", "imported": None, "version": ""}
        return {**bare, "installed": True}
    told = {name: getattr(record, name) for name in ("version", "source", "commit", "imported")}
    return {"card": record.card.plain(), **told, "installed": installed is not None}


@router.get("/modules/{name}/versions", response_model=shapes.Listed[shapes.Version])
def versions(hub: asking.Hub, name: str) -> dict[str, Any]:
    """List the versions of a module's card that were seen, the newest first; also of one that has left the catalog."""
    found = hub.cards.versions(name)
    try:
        newest = hub.cards.get(name).version
    except errors.NotFound:
        if not found:
            raise
        newest = ""
    installed = _installed(hub, name)
    known = installed.version if installed is not None else None
    told = [{**vars(each), "newest": each.version == newest, "installed": each.version == known} for each in found]
    return shapes.listed(told, len(told))


@router.get("/modules/{name}/description")
def description(hub: asking.Hub, name: str) -> dict[str, Any]:
    """Describe an installed module: its arguments, answers and metadata."""
    return hub.modules.describe(hub.modules.find(name))


@router.get("/modules/{name}/card.{format}", response_class=Response)
def export(hub: asking.Hub, name: str, format: str, version: str = "") -> Response:  # noqa: A002 - of the address
    """Download a card: `json`, `codemeta`, `ro-crate`, `json-ld`, `cff`, `bibtex`, `apa` or `ris`."""
    chosen = formats.FORMATS.get(format)
    if chosen is None:
        raise errors.NotFound(f"There is no format '{format}'.", hint=f"There are: {', '.join(formats.FORMATS)}.")
    record = _record(hub, name, version)
    page = f"{_page(hub, name)}?{urllib.parse.urlencode({'version': version})}" if version else _page(hub, name)
    written = chosen.write(record.card, page, hub.clock.now())
    file = chosen.file.format(name=name)
    return Response(
        written, media_type=chosen.media_type, headers={"Content-Disposition": f'attachment; filename="{file}"'}
    )


@router.get("/installed", response_model=shapes.Listed[shapes.Installed])
def installed(hub: asking.Hub) -> dict[str, Any]:
    """List the modules that are installed on the hub."""
    found = hub.modules.list()
    return shapes.listed(found, len(found))


@router.post("/installed", response_model=shapes.Act, status_code=202)
def install(
    hub: asking.Hub, person: asking.Person, wanted: Annotated[Wanted, fastapi.Body()], key: asking.Key = None
) -> orchestrator.Act:
    """Begin to install a module; follow the act. An unchanged source that is installed already is left alone.

    For admins.
    """
    person.require(identity.Role.ADMIN)
    return hub.acts.begin(orchestrator.Kind.INSTALLATION, wanted.source, key=key, person=person.name)


def _installed(hub: orchestrator.Hub, name: str) -> environments.Installed | None:
    try:
        return hub.modules.find(name)
    except errors.NotFound:
        return None


def _record(hub: orchestrator.Hub, name: str, version: str) -> catalog.Record:
    return hub.cards.version(name, version) if version else hub.cards.get(name)


def _page(hub: orchestrator.Hub, name: str) -> str:
    return f"{hub.address}/modules/{name}"
