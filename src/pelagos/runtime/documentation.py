"""The specification as JSON, and as a page: Swagger UI from our own files, under a policy that lets nothing else in."""

from __future__ import annotations

import asyncio
import html
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

import pelagos
from pelagos.runtime import answering, errors, openapi, swagger
from pelagos.runtime import service as services

FOLDER = Path(__file__).parent / "static" / "swagger-ui"
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_PAGE = """<!doctype html>
<html lang="en" data-specification="{specification}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{static}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript><p>This page needs JavaScript. Without it read <a href="{specification}">{specification}</a>.</p></noscript>
<script src="{static}/swagger-ui-bundle.js"></script>
<script src="{static}/start.js"></script>
</body>
</html>
"""

Specification = Callable[[services.Service, Mapping[str, Sequence[str]], str], dict[str, Any]]


def routes(service: services.Service) -> list[BaseRoute]:
    """Make the routes of the documentation; only the specifications when the pages are switched off."""
    pages = _Pages(service)
    tables: dict[str, Mapping[str, answering.Endpoint]] = {
        "/swagger.json": {"GET": pages.swagger},
        "/openapi.json": {"GET": pages.openapi},
    }
    if service.settings.doc_endpoint:
        tables |= _page_routes(pages)
    return [Route(path, answering.Methods(table)) for path, table in tables.items()]


def _page_routes(pages: _Pages) -> dict[str, Mapping[str, answering.Endpoint]]:
    return {
        "/api": {"GET": pages.api},
        "/docs": {"GET": pages.docs},
        "/docs/static/{name}": {"GET": static},
        "/ui": {"GET": ui, "HEAD": ui},
    }


async def ui(request: Request) -> Response:
    """Send old bookmarks to the page."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/api", status_code=302)


def page(specification: str, static: str, title: str) -> Response:
    """Make the page that shows a specification; both addresses are those of the host, `static` holds Swagger UI."""
    told = {"specification": specification, "static": static, "title": title}
    filled = _PAGE.format(**{name: html.escape(text) for name, text in told.items()})
    return Response(filled, media_type="text/html", headers=_HEADERS)


async def static(request: Request) -> Response:
    """Answer with a file of Swagger UI; only names that exist in the folder are looked at."""
    found = {path.name: path for path in FOLDER.iterdir() if path.suffix in _TYPES}.get(request.path_params["name"])
    if found is None:
        raise errors.Declined(404)
    return FileResponse(found, media_type=_TYPES[found.suffix], headers={"Cache-Control": "max-age=3600"})


class _Pages:
    def __init__(self, service: services.Service) -> None:
        self._service = service

    async def swagger(self, _request: Request) -> Response:
        """Give Swagger 2.0."""
        return await self._written(swagger.specification)

    async def openapi(self, _request: Request) -> Response:
        """Give OpenAPI 3.1."""
        return await self._written(openapi.specification)

    async def api(self, request: Request) -> Response:
        """Show Swagger 2.0."""
        return self._page(request, "swagger.json")

    async def docs(self, request: Request) -> Response:
        """Show OpenAPI 3.1."""
        return self._page(request, "openapi.json")

    async def _written(self, specification: Specification) -> Response:
        names = self._service.models.names
        models = {name: await asyncio.to_thread(names, name) for name in self._service.modules}
        document = specification(self._service, models, pelagos.__version__)
        # A default may be a number that JSON does not have.
        return Response(json.dumps(document, default=str), media_type="application/json; charset=utf-8")

    def _page(self, request: Request, name: str) -> Response:
        root = request.scope.get("root_path", "")
        return page(f"{root}/{name}", f"{root}/docs/static", ", ".join(self._service.modules))
