"""The routes of DEEPaaS V2 that are not predictions or trainings, and the server's own `/metrics` and `/healthz`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from pelagos.runtime import answering, console, documentation, errors, observed, progress, trainings
from pelagos.runtime import service as services


def routes(service: services.Service) -> list[BaseRoute]:
    """Make the routes of a service."""
    answers = _Answers(service)
    trained = trainings.Trainings(service)
    followed = progress.Progress(trained)
    models = "/v2/models/{model}"
    tables: dict[str, Mapping[str, answering.Endpoint]] = {
        "/": {"GET": answers.root},
        "/v2/": {"GET": answers.version},
        "/v2/debug/": {"GET": answers.debug},
        "/v2/models/": {"GET": answers.models},
        f"{models}/": {"GET": answers.model},
        f"{models}/predict/": {"POST": answers.predict},
        f"{models}/train/": {"GET": trained.listed, "POST": trained.begin},
        f"{models}/train/{{uuid}}": {"DELETE": trained.end, "GET": trained.one},
        f"{models}/train/{{uuid}}/progress": {"GET": followed.progress},
        f"{models}/train/{{uuid}}/log": {"GET": followed.log},
        "/metrics": {"GET": answers.metrics},
        "/healthz": {"GET": answers.health},
    }
    of_modules = {path: service.modules if "{model}" in path else None for path in tables}
    ours = [Route(path, answering.Methods(table, of_modules[path])) for path, table in tables.items()]
    return [*documentation.routes(service), *ours]


class _Answers:
    def __init__(self, service: services.Service) -> None:
        self._service = service

    async def root(self, request: Request) -> Response:
        """List the versions; a browser is shown the console."""
        if "text/html" in request.headers.get("accept", ""):
            return await console.home(request, self._service)
        base = self._service.settings.base
        links = [{"rel": "describedby", "type": "application/json", "href": f"{base}/swagger.json"}]
        if self._service.settings.doc_endpoint:
            links.insert(0, {"rel": "help", "type": "text/html", "href": f"{base}/api"})
        return answering.as_json({"versions": [self._version()], "links": links})

    async def version(self, _request: Request) -> Response:
        """Describe V2."""
        return answering.as_json(self._version())

    def _version(self) -> dict[str, Any]:
        href = f"{self._service.settings.base}/v2/"
        link = {"rel": "self", "type": "application/json", "href": href}
        return {"version": "stable", "id": "v2", "links": [link]}

    async def debug(self, _request: Request) -> Response:
        """Tell what the server is doing, when that was asked for at its start."""
        if not self._service.settings.debug_endpoint:
            return Response(status_code=204)
        return Response(observed.debug(self._service), media_type="text/plain")

    async def models(self, _request: Request) -> Response:
        """List the modules."""
        base = self._service.settings.base
        return answering.as_json({"models": [meta(module, base) for module in self._service.modules.values()]})

    async def model(self, request: Request) -> Response:
        """Describe one module."""
        return answering.as_json(meta(answering.find(self._service, request), self._service.settings.base))

    async def predict(self, request: Request) -> Response:
        """Decline: predictions that can be made never come here."""
        answering.find(self._service, request)
        raise errors.Declined(402)

    async def metrics(self, _request: Request) -> Response:
        """Give the counters."""
        return Response(observed.metrics(self._service), media_type="text/plain; version=0.0.4")

    async def health(self, _request: Request) -> Response:
        """Tell whether predictions can be made."""
        trouble = observed.trouble(self._service)
        return answering.as_json({"status": "error" if trouble else "ok", **trouble}, 503 if trouble else 200)


def meta(module: services.ServedModule, base: str = "") -> dict[str, Any]:
    """Give a module's metadata as V2 does: any key of its own passes. Its address lies under the path `base`.

    The links of a card, addresses by name, become more of V2's list.
    """
    description = module.description
    own = description["metadata"]
    links = [{"rel": "self", "href": f"{base}/v2/models/{module.name}"}]
    if description["kind"] == "native":
        own = {key.lower(): value for key, value in own.items()}
        links += [{"rel": name, "href": address} for name, address in own.pop("links", {}).items()]
        own = {"description": description["summary"], **own, "name": description["name"]}
    return {"id": module.name, "name": module.name, "links": links, **own}
