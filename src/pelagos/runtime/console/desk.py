"""What all pages share: the service they show, the drawing of templates, what is watched and monitored."""

from __future__ import annotations

import asyncio
import datetime
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse

import pelagos
from pelagos import jobs as jobs_room
from pelagos.domain import errors
from pelagos.runtime import service as services
from pelagos.runtime.console import assets, cards, described, monitor, results, watching

TEMPLATES = Path(__file__).parent / "templates"


class Desk:
    """One console; it holds no facts of its own, only who is looking at what."""

    def __init__(self, service: services.Service) -> None:
        self.service = service
        self.base = service.settings.base
        self.watches = watching.Watches()
        self.monitors = monitor.Monitors(monitor.command())
        self._templates = environment(TEMPLATES, base=self.base, asset=self._asset)
        self._closer: asyncio.Task[None] | None = None

    @property
    def jobs(self) -> jobs_room.Jobs:
        """Where trainings are; raises NotFound when nothing can be trained here."""
        if self.service.jobs is None:
            raise errors.NotFound("Nothing can be trained here.")
        return self.service.jobs

    def module(self, name: str) -> services.ServedModule:
        """Find a served module; raises NotFound."""
        try:
            return self.service.modules[name]
        except KeyError:
            known = ", ".join(self.service.modules)
            raise errors.NotFound(f"No module '{name}' is served here.", hint=f"There is: {known}.") from None

    def parameters(self, module: str) -> described.Parameters:
        """Give the training arguments of a module; none for a module that is not served."""
        served = self.service.modules.get(module)
        return described.parameters(served.description if served is not None else None, "train")

    def address(self, path: str) -> str:
        """Give the address of a page of the console, from the root of the host."""
        return f"{self.base}/console{path}"

    def page(
        self,
        template: str,
        *,
        title: str,
        section: str = "",
        module: str | None = None,
        http_status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """Draw a whole page; `section` is the entry of the navigation that is current."""
        served = self._current(module)
        told = {
            "title": title,
            "section": section,
            "sections": self._sections(served),
            "module": served.name if served else "",
            "module_title": cards.title(served.description) if served else "",
            "module_summary": cards.summary(served.description) if served else "",
            "many": len(self.service.modules) > 1,
            "version": pelagos.__version__,
        }
        return HTMLResponse(self.draw(template, **{**told, **values}), status_code=http_status)

    def draw(self, template: str, **values: Any) -> str:
        """Draw a page or a part of one."""
        return self._templates.get_template(template).render(**values)

    def end_with_service(self) -> None:
        """See to it that streams and monitors end when the server stops; may be called with every request."""
        if self._closer is None:
            self._closer = asyncio.create_task(self._close())

    def _asset(self, name: str) -> str:
        return self.address(assets.address(name))

    async def _close(self) -> None:
        await self.service.stopping.wait()
        self.watches.close()
        self.monitors.close()

    def _current(self, module: str | None) -> services.ServedModule | None:
        if module is not None:
            return self.service.modules.get(module)
        return next(iter(self.service.modules.values())) if len(self.service.modules) == 1 else None

    def _sections(self, served: services.ServedModule | None) -> list[tuple[str, str, str]]:
        found = []
        if served is not None:
            place = f"/modules/{served.name}"
            found += [("predict", "Predict", f"{place}/predict")] if served.description["predict"] else []
            found += [("train", "Train", f"{place}/train")] if served.description["train"] else []
        if self.service.jobs is not None:
            found.append(("trainings", "Trainings", "/trainings/"))
        return found + ([("about", "About", f"/modules/{served.name}/about")] if served is not None else [])


def origin(request: Request, base: str) -> str:
    """Give the address of the service as its user reached it, for commands to copy."""
    return f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}{base}"


def elapsed(seconds: float) -> str:
    """Write a length of time for people."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    whole = int(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole // 3600} h {whole // 60 % 60} min"


def moment(time: datetime.datetime) -> str:
    """Write a time for people, in the zone of the machine."""
    return time.astimezone().strftime("%Y-%m-%d %H:%M")


def size(count: int) -> str:
    """Write a number of bytes for people."""
    value = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit in ("bytes", "KB") else f"{value:.1f} {unit}"


def figure(value: Any) -> str:
    """Write a metric; nothing for one that was not logged at a step."""
    return f"{value:.5g}" if isinstance(value, int | float) else ""


def json_text(value: Any) -> str:
    """Write any JSON value."""
    return json.dumps(value, ensure_ascii=False, default=str)


def install_command(package: str) -> str:
    """Give the command that installs a package for the Python of this server."""
    return f"{sys.executable} -m pip install {package}"


def written(value: Any) -> str:
    """Write any JSON value in a line; long lists are cut."""
    text = f"{value:.6g}" if isinstance(value, float) else json_text(value)
    return text if len(text) <= 600 else text[:600] + " …"


_FILTERS: Mapping[str, Callable[..., str]] = {
    "elapsed": elapsed,
    "figure": figure,
    "moment": moment,
    "share": results.percent,
    "size": size,
    "written": written,
}


def environment(*folders: Path, **names: Any) -> jinja2.Environment:
    """Make the templates of some folders, the first that has a name before the others; `names` are known in all."""
    # Everything a module says is escaped: no template marks anything as safe.
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters.update(_FILTERS)
    made.globals.update(names)
    return made
