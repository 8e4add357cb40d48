"""Put the API, its documentation and the proxy together."""

from __future__ import annotations

import fastapi
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

import pelagos
from pelagos import orchestrator
from pelagos.api import bounded, entrance, errors, receiving
from pelagos.api.proxy import Proxy
from pelagos.api.routes import (
    about,
    acts,
    catalogue,
    datasets,
    deployments,
    proposals,
    runs,
    sessions,
    sites,
    sources,
    trained,
)
from pelagos.runtime import documentation
from pelagos.runtime.console import guard, watching

ROOT = "/api/v1"
_ROUTERS = (catalogue, sources, proposals, datasets, acts, runs, trained, deployments, sites, about, sessions)
_TEXT = "Everything that the pages of the hub show and do. Programs send `Authorization: Bearer TOKEN`."


def routes(
    hub: orchestrator.Hub, *, proxy: Proxy, watches: watching.Watches, place: receiving.Place
) -> list[BaseRoute]:
    """Give the routes of the API and the proxy; what follows runs ends when `watches` are closed."""
    api = application()
    api.state.hub, api.state.watches, api.state.place = hub, watches, place
    return [
        Mount("/deployments/{id}", app=entrance.Entrance(proxy, hub.deployments.get), name="proxy"),
        Mount(ROOT, app=guard.Guard(bounded.Bounded(api)), name="api"),
        Route("/api", _to_documentation, methods=["GET"]),
        Route("/api/docs", _documentation, methods=["GET"]),
        Route("/api/docs/static/{name}", documentation.static, methods=["GET"]),
    ]


def application() -> fastapi.FastAPI:
    """Make the API without a hub behind it: enough to be described."""
    made = fastapi.FastAPI(
        title="Pelagos hub",
        description=_TEXT,
        version=pelagos.__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    errors.handle(made)
    for each in _ROUTERS:
        made.include_router(each.router)
    return made


async def _documentation(_request: Request) -> Response:
    return documentation.page(f"{ROOT}/openapi.json", "/api/docs/static", "Pelagos hub")


async def _to_documentation(_request: Request) -> Response:
    return RedirectResponse("/api/docs", 302)
