"""Up to eight runs beside each other: what differs first, their curves over one another, and all of it as CSV."""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import functools
import io
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from pelagos.domain import records
from pelagos.runtime.console import charts, described, exhibits, pickers, results
from pelagos.runtime.console import status as statuses
from pelagos.web import desk as desks
from pelagos.web import run_recipes

MOST = 8


@dataclasses.dataclass(frozen=True)
class Line:
    """One argument or figure, with its text in every run; empty where a run lacks it."""

    name: str
    values: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether the runs differ in it."""
        return len(set(self.values)) > 1


def routes(desk: desks.Desk) -> list[BaseRoute]:
    """List the routes of this page; they come before the page of a run, whose address would take them."""
    return [
        Route("/runs/compare", functools.partial(show, desk), methods=["GET"]),
        Route("/runs/compare/curves", functools.partial(curves, desk), methods=["GET"]),
        Route("/runs/compare.csv", functools.partial(table, desk), methods=["GET"]),
    ]


async def show(desk: desks.Desk, request: Request) -> Response:
    """Draw the page; a script asks for the curves."""
    jobs = await asyncio.to_thread(_jobs, desk, request)
    told = await asyncio.to_thread(_facts, desk, jobs) if jobs else {}
    query = "&".join(f"run={job.id}" for job in jobs)
    without = {job.id: "&".join(f"run={other.id}" for other in jobs if other is not job) for job in jobs}
    return desk.page(
        request,
        "compare.html",
        title="Compare runs",
        section="runs",
        jobs=jobs,
        query=query,
        without=without,
        full=len(jobs) >= MOST,
        recipe=run_recipes.compare(desk.origin(request), [job.id for job in jobs]) if jobs else None,
        **told,
    )


async def curves(desk: desks.Desk, request: Request) -> Response:
    """Send the curves of all runs, one chart for each metric and one line in it for each run."""
    return JSONResponse(await asyncio.to_thread(lambda: _curves(desk, _jobs(desk, request))))


async def table(desk: desks.Desk, request: Request) -> Response:
    """Send one row for each run: state, times, arguments and figures."""
    text = await asyncio.to_thread(lambda: _csv(desk, _jobs(desk, request)))
    headers = {"Content-Disposition": 'attachment; filename="runs.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _jobs(desk: desks.Desk, request: Request) -> list[records.Job]:
    wanted = dict.fromkeys(one for one in request.query_params.getlist("run") if one)
    return [desk.hub.jobs.get(one) for one in list(wanted)[:MOST]]


def _facts(desk: desks.Desk, jobs: Sequence[records.Job]) -> dict[str, Any]:
    arguments, figures = _arguments(desk, jobs), _figures(jobs)
    now = desk.hub.clock.now()
    chosen = {job.id for job in jobs}
    return {
        "took": [statuses.took(job, now) for job in jobs],
        "different": [line for line in arguments if line.differs],
        "same": [line for line in arguments if not line.differs],
        "figures": figures,
        "others": [each for each in pickers.others(desk.hub.jobs, jobs[0]) if each.value not in chosen],
    }


def _arguments(desk: desks.Desk, jobs: Sequence[records.Job]) -> list[Line]:
    parameters = [desk.known.parameters(job) for job in jobs]
    said = [exhibits.texts(job.arguments, each) for job, each in zip(jobs, parameters, strict=True)]
    names = [name for each in parameters for name in described.order(each)]
    return _lines([*names, *(name for each in said for name in each)], said)


def _figures(jobs: Sequence[records.Job]) -> list[Line]:
    said = [{figure.name: figure.text for figure in results.figures(job.result)} for job in jobs]
    return _lines([name for each in said for name in each], said)


def _lines(names: Sequence[str], said: Sequence[Mapping[str, str]]) -> list[Line]:
    known = [name for name in dict.fromkeys(names) if any(name in each for each in said)]
    return [Line(name, tuple(each.get(name, "") for each in said)) for name in known]


def _curves(desk: desks.Desk, jobs: Sequence[records.Job]) -> dict[str, Any]:
    """Write the curves as one run's stream does; the key of a series is `<number of the run>.<metric>`."""
    rows: list[dict[str, Any]] = []
    metrics: dict[str, list[dict[str, str]]] = {}
    for number, job in enumerate(jobs):
        found = charts.thinned(desk.hub.jobs.run_folder(job.id).metrics()[0])
        for name in charts.names(found):
            metrics.setdefault(name, []).append({"key": f"{number}.{name}", "label": job.id[:8]})
        rows += [{"step": row.get("step"), **_numbered(number, row)} for row in found]
    groups = [{"name": name, "series": series} for name, series in metrics.items()]
    return {"end": 1, "rows": rows, "groups": groups[: charts.CHARTS]}


def _numbered(number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{number}.{name}": row[name] for name in charts.names([row])}


def _csv(desk: desks.Desk, jobs: Sequence[records.Job]) -> str:
    arguments, figures = _arguments(desk, jobs), _figures(jobs)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["run", "module", "state", "site", "created", *(line.name for line in [*arguments, *figures])])
    for place, job in enumerate(jobs):
        values = [line.values[place] for line in [*arguments, *figures]]
        told = [job.id, job.module, job.state, job.site, job.created.isoformat(), *values]
        writer.writerow([_harmless(str(value)) for value in told])
    return out.getvalue()


def _harmless(text: str) -> str:
    """Keep spreadsheets from reading a value as a formula: https://owasp.org/www-community/attacks/CSV_Injection"""
    return f"'{text}" if text[:1] in "=+@\t\r" or (text[:1] == "-" and not _number(text)) else text


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
