"""The first page and the one about a module: what it is, who made it, what it takes."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.runtime.console import cards, fields, recipes
from pelagos.runtime.console import desk as desks


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of these pages."""
    return [
        Route("/", functools.partial(first, desk), methods=["GET"]),
        Route("/modules/{module}/about", functools.partial(about, desk), methods=["GET"]),
    ]


async def first(desk: desks.Desk, _: Request) -> Response:
    """Go to the module's page, or list the modules when there are several."""
    modules = desk.service.modules
    if len(modules) == 1:
        (served,) = modules.values()
        page = "predict" if served.description["predict"] or not served.description["train"] else "train"
        return RedirectResponse(desk.address(f"/modules/{served.name}/{page}"), status_code=302)
    told = [
        {
            "name": served.name,
            "title": cards.title(served.description),
            "summary": cards.summary(served.description),
            "trainable": bool(served.description["train"]),
        }
        for served in modules.values()
    ]
    return desk.page("modules.html", title="Modules", served=told)


async def about(desk: desks.Desk, request: Request) -> Response:
    """Draw the card and the arguments."""
    served = desk.module(request.path_params["module"])
    description = served.description
    methods = [(name, fields.fields(description[name])) for name in ("predict", "train") if description[name]]
    return desk.page(
        "about.html",
        title="About",
        section="about",
        module=served.name,
        facts=cards.facts(description),
        methods=methods,
        recipe=recipes.about(desks.origin(request, desk.base), served.name),
    )
