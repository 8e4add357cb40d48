"""What all pages of the dashboard share: the hub they show, the drawing of templates, the lists that are followed."""

from __future__ import annotations

import asyncio
import functools
import tempfile
import time
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

import pelagos
from pelagos import identity, orchestrator
from pelagos.domain import errors
from pelagos.environments import sources as module_sources
from pelagos.runtime.console import assets, cards
from pelagos.runtime.console import desk as desks
from pelagos.web import live, run_words

Hub = orchestrator.Hub

_HERE = Path(__file__).parent
ASSETS = assets.Assets(assets.FOLDER, _HERE / "static")
"""The console's scripts and styles, and ours."""

INSTALLED_FOR_S = 2.0
FORM_BYTES = 200_000
"""The largest form without files."""
SECTIONS = (
    ("overview", "Overview", "/"),
    ("modules", "Modules", "/modules"),
    ("deployments", "Deployments", "/deployments"),
    ("runs", "Runs", "/runs"),
    ("models", "Models", "/models"),
    ("datasets", "Data sets", "/datasets"),
    ("sites", "Sites", "/sites"),
    ("settings", "Settings", "/settings"),
)
"""The navigation: name, text, address."""


class Desk:
    """The dashboard of one hub; it holds no facts of its own, only who is following what."""

    def __init__(self, hub: Hub, stopping: asyncio.Event | None = None, uploads: Path | None = None) -> None:
        self.hub = hub
        self.uploads = uploads or Path(tempfile.gettempdir())
        """Where the files of posted forms lie while their request lasts."""
        self.live = live.Live(stopping)
        self._installed: tuple[tuple[float, int], Mapping[str, str]] = ((0.0, 0), {})

    @functools.cached_property
    def known(self) -> run_words.Descriptions:
        """What pages of runs know about modules."""
        return run_words.Descriptions(self.hub.modules)

    def page(
        self,
        request: Request,
        template: str,
        *,
        title: str,
        section: str = "",
        http_status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Draw a whole page; `section` is the entry of the navigation that is current, `recipe` its lines to copy."""
        told = {"title": title, "section": section, "person": person(request), "recipe": None}
        return HTMLResponse(self.draw(template, **{**told, **values}), status_code=http_status)

    def draw(self, template: str, **values: Any) -> str:
        """Draw a page or a part of one."""
        return drawn(template, **values)

    def problem(
        self, request: Request, *, title: str, message: str, hint: str = "", http_status: int, back: str = ""
    ) -> HTMLResponse:
        """Say on a page of its own what went wrong."""
        return self.page(
            request, "problem.html", title=title, http_status=http_status, message=message, hint=hint, back=back
        )

    def confirm(self, request: Request, *, question: str, consequence: str, act: str, back: str) -> HTMLResponse:
        """Ask before something is destroyed; the form posts to the address of this page."""
        values: dict[str, Any] = {"consequence": consequence, "act": act, "back": back, "here": request.url.path}
        return self.page(request, "confirm.html", title=question, question=question, **values)

    def origin(self, request: Request) -> str:
        """Give the address of the hub as its user reached it, for commands to copy."""
        return desks.origin(request, "")

    def installed(self) -> Mapping[str, str]:
        """Give the names of the installed modules, by the form in which spellings of one name are equal.

        They are listed again when an act of the hub has ended, which may have installed one, and else at most every two
        seconds: that reads the records of all that is in this Python.
        """
        (until, ended), known = self._installed
        now_ended = self.hub.acts.ended
        if until < time.monotonic() or ended != now_ended:
            known = {module_sources.normalised(each.name): each.name for each in self.hub.modules.list()}
            self._installed = ((time.monotonic() + INSTALLED_FOR_S, now_ended), known)
        return known

    def description(self, name: str) -> Mapping[str, Any] | None:
        """Describe an installed module; None when it is not installed. May import the module: call it in a thread."""
        try:
            installed = self.hub.modules.find(name)
        except errors.NotFound:
            return None
        described: Mapping[str, Any] = self.hub.modules.describe(installed)
        return described

    def module_title(self, name: str) -> str:
        """Name a module for people, by its card or its description; its bare name when there is neither."""
        try:
            title: str = self.hub.cards.get(name).card.title
        except errors.NotFound:
            described = self.description(name)
            return cards.title(described) if described else name
        return title


def drawn(template: str, **values: Any) -> str:
    """Draw a page or a part of one."""
    return _TEMPLATES.get_template(template).render(**values)


def person(request: Request) -> Any:
    """Give who is asking, as the guard found; None in front of it."""
    return getattr(request.state, "person", None)


def asking(request: Request) -> str:
    """Give the name of who is asking; empty in front of the guard."""
    found = person(request)
    return found.name if found is not None else ""


def require(request: Request, role: identity.Role) -> str:
    """Give the name of who is asking; raises Forbidden without the role."""
    asking: identity.Person = request.state.person
    asking.require(role)
    return asking.name


async def said(request: Request) -> dict[str, str]:
    """Read a small posted form; the last value of a name counts. Raises TooLarge."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > FORM_BYTES:
            raise errors.TooLarge("The form is too large.")
    return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def badge(state: str) -> str:
    """Give the colour of a deployment's state, by the word that states of runs have for it."""
    endings = {"_IN_PROGRESS": "running", "_FAILED": "failed", "CREATE_COMPLETE": "done", "UPDATE_COMPLETE": "done"}
    return next((colour for ending, colour in endings.items() if state.endswith(ending)), "ended")


_TEMPLATES = desks.environment(
    _HERE / "templates",
    desks.TEMPLATES,
    base="",
    asset=ASSETS.address,
    sections=SECTIONS,
    version=pelagos.__version__,
)
_TEMPLATES.filters["badge"] = badge
