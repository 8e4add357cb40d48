"""What a run or a replica needs, and where it may run: the part that the forms to train and to deploy share.

Names of its fields begin with an underscore, so that no argument of a module is called like one of them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import errors, resources
from pelagos.orchestrator import plans
from pelagos.sites import driver
from pelagos.web import desk as desks

PATIENCE_S = 1.5
"""A page waits for the sites' offers for so long; after that it is drawn without, and a script asks again."""

_CORES, _ACCELERATORS, _MEMORY, _HOURS, SITE = "_cpus", "_gpus", "_memory_gb", "_hours", "_site"
_NAMES = (_CORES, _ACCELERATORS, _MEMORY, _HOURS, SITE)
WORDS = {"cpus": _CORES, "gpus": _ACCELERATORS, "memory_mb": _MEMORY, "wall_time_s": _HOURS, "site": SITE}
"""How the rooms below call what the form asks for."""
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,6})?")


@dataclasses.dataclass(frozen=True)
class Needs:
    """The resources as they were typed, and what is wrong with them."""

    values: Mapping[str, str]
    faults: Mapping[str, str]
    resources: resources.Resources

    @property
    def site(self) -> str | None:
        """The chosen site; None lets the hub choose."""
        return self.values[SITE] or None

    def with_faults(self, faults: Mapping[str, Sequence[str]]) -> Needs:
        """Add what somebody else found wrong, by the words of the rooms below."""
        more = {
            WORDS.get(name, name): " ".join(said) for name, said in faults.items() if WORDS.get(name, name) in _NAMES
        }
        return dataclasses.replace(self, faults={**self.faults, **more})

    def refuse(self) -> None:
        """Raise InvalidInput when something is wrong."""
        if self.faults:
            raise errors.InvalidInput({name: [text] for name, text in self.faults.items()})


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of the table of offers."""
    return [Route("/plan", functools.partial(show, desk), methods=["GET"])]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the table of offers for the resources in the query; part of a page."""
    needs, purpose = read(request.query_params), request.query_params.get("for", "")
    made = None if needs.faults else await asyncio.to_thread(_make, desk, needs, purpose)
    return HTMLResponse(desk.draw("plan.html", needs=needs, plan=made, purpose=purpose))


async def plan(desk: desks.Desk, needs: Needs, purpose: str) -> plans.Plan | None:
    """Ask the sites for offers; None when they are slow or the needs are wrong. `purpose` is `run` or `service`."""
    if needs.faults:
        return None
    try:
        return await asyncio.wait_for(asyncio.to_thread(_make, desk, needs, purpose), PATIENCE_S)
    except TimeoutError:
        return None


def read(said: Mapping[str, Any]) -> Needs:
    """Read the fields of a form; what is not there or empty is as much as the site gives."""
    values = {name: str(said.get(name) or "").strip()[:100] for name in _NAMES}
    faults: dict[str, str] = {}
    found = resources.Resources(
        cpus=_whole(values, _CORES, faults, least=1),
        gpus=_whole(values, _ACCELERATORS, faults, least=0) or 0,
        memory_mb=_amount(values, _MEMORY, faults, lambda gigabytes: max(1, round(gigabytes * 1024))),
        wall_time_s=_amount(values, _HOURS, faults, lambda hours: hours * 3600),
    )
    return Needs(values, faults, found)


def of(known: resources.Resources, site: str | None) -> Needs:
    """Write resources as a form would have them."""
    values = {
        _CORES: _text(known.cpus),
        _ACCELERATORS: _text(known.gpus),
        _MEMORY: _text(known.memory_mb and known.memory_mb / 1024),
        _HOURS: _text(known.wall_time_s and known.wall_time_s / 3600),
        SITE: site or "",
    }
    return Needs(values, {}, known)


def is_amount(text: str) -> bool:
    """Whether a text is a plain number above 0."""
    return _NUMBER.fullmatch(text.replace(",", ".")) is not None and float(text.replace(",", ".")) > 0


def _make(desk: desks.Desk, needs: Needs, purpose: str) -> plans.Plan:
    if purpose == "service":
        return plans.make(needs.resources, desk.hub.sites, None, driver.Ability.SERVICE)
    made: plans.Plan = desk.hub.runs.plan(needs.resources)
    return made


def _whole(values: Mapping[str, str], name: str, faults: dict[str, str], *, least: int) -> int | None:
    text = values[name]
    if not text:
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or int(text) < least:
        faults[name] = f"'{text}' is not a whole number from {least}."
        return None
    return int(text)


def _amount(values: Mapping[str, str], name: str, faults: dict[str, str], unit: Callable[[float], Any]) -> Any:
    text = values[name].replace(",", ".")
    if not text:
        return None
    if not is_amount(text):
        faults[name] = f"'{values[name]}' is not a number above 0."
        return None
    return unit(float(text))


def _text(value: float | None) -> str:
    return f"{value:g}" if value else ""
