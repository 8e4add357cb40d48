"""Put the routes of one service together."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pelagos.domain import errors as domain_errors
from pelagos.runtime import answering, bodies, console, direct, errors, origins, predictions, routes
from pelagos.runtime import service as services


def create(service: services.Service, extra_routes: Sequence[BaseRoute] = ()) -> ASGIApp:
    """Make the ASGI application of a service; `extra_routes` come before our own and lie under the base path too."""
    base = base_path(service.settings)
    starlette = Starlette(routes=[*extra_routes, *console.routes(service), *routes.routes(service)])
    starlette.router.redirect_slashes = False
    for kind in (HTTPException, domain_errors.PelagosError, errors.Declined, errors.Passed):
        starlette.add_exception_handler(kind, answering.on_error)
    return App(service, starlette, base)


def base_path(settings: services.RuntimeSettings) -> str:
    """Give the base path in its normal form: empty, or with a slash in front and none behind."""
    return settings.base


class App:
    """Answers predictions by itself, before any router; counts everything else that the routes answer."""

    def __init__(self, service: services.Service, inner: Starlette, base: str) -> None:
        self._service = service
        self._inner = inner
        self._base = base
        self._predictions: dict[str, predictions.Predictions] = {}
        self.heads = direct.Heads()
        """The heads of small predictions that were read before."""
        if service.settings.predict_endpoint:
            for name, module in service.modules.items():
                answering = predictions.Predictions(service, module)
                for path in (f"{base}/v2/models/{name}/predict/", f"{base}/v2/models/{name}/predict"):
                    self._predictions[path] = answering

    def small(self, scope: Scope) -> direct.Known | None:
        """Say what a request asks for that its connection may answer by itself (`direct`), None for all others."""
        answering = self._predictions.get(scope["path"])
        if answering is None or scope["method"] != "POST":
            return None
        head = bodies.Head(scope)
        return direct.Known(answering, head, head.length or 0) if direct.plain(head) else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        answering = self._predictions.get(scope["path"])
        if origins.foreign(scope):
            await origins.refuse(scope, receive, send)
        elif answering is not None and scope["method"] == "POST":
            await answering(scope, receive, send)
        else:
            await self._route(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._answer(_under(scope, self._base), receive, noting)
        finally:
            self._service.counters.observe(_label(scope), status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        better = self._better(scope)
        if better is None:
            await self._inner(scope, receive, send)
            return
        if scope["method"] == "POST" and better == scope["path"].removeprefix(self._base) + "/":
            # Many clients do not send the body again, so a POST that lacks only the slash is served where it is.
            await self._inner({**scope, "path": self._base + better}, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        location = self._base + better + (f"?{query}" if query else "")
        headers = {"Location": location}
        await PlainTextResponse("308: Permanent Redirect", 308, headers)(scope, receive, send)

    def _better(self, scope: Scope) -> str | None:
        """Give the path to redirect to, as DEEPaaS does, when only slashes are missing or too many."""
        path = scope["path"].removeprefix(self._base)
        merged = re.sub("/{2,}", "/", path)
        candidates = [merged, merged.rstrip("/") + "/"] if merged != path else [path + "/"]
        if merged == path and (path.endswith("/") or self._known(path, scope)):
            return None
        return next((candidate for candidate in candidates if self._known(candidate, scope)), None)

    def _known(self, path: str, scope: Scope) -> bool:
        asked = {**scope, "path": self._base + path}
        return any(route.matches(asked)[0] is not Match.NONE for route in self._inner.routes)


def _under(scope: Scope, base: str) -> Scope:
    if not base:
        return scope
    if scope["path"] == base:
        return {**scope, "root_path": base, "path": f"{base}/"}
    if not scope["path"].startswith(f"{base}/"):
        # Nothing is served outside the base path.
        return {**scope, "path": "/404"}
    return {**scope, "root_path": base}


def _label(scope: Scope) -> str:
    # Unknown paths are one label: otherwise anybody could fill the memory with names.
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
