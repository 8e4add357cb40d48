"""The composition root of the hub: from settings to the database, drivers, loops and the ASGI application.

The only place that knows everybody.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import json
import logging
import signal
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pelagos import api, catalog, config, db, environments, identity, jobs, orchestrator, storage, web
from pelagos.api import errors as api_errors
from pelagos.api import receiving
from pelagos.catalog import meaning
from pelagos.domain import clock as clocks
from pelagos.domain import errors, state_folder, states
from pelagos.module import durable
from pelagos.runtime import errors as runtime_errors
from pelagos.runtime import scratch
from pelagos.runtime import server as servers
from pelagos.runtime.console import guard, watching
from pelagos.sites import driver, registry

LOOPBACK = ("127.0.0.1", "::1", "localhost")
_LOOKED_AT_S = 10.0
"""How often sources and examples are looked at for what is due."""

_LOG = logging.getLogger(__name__)


class Loop(Protocol):
    """Background work."""

    def start(self) -> None:
        """Begin, in a thread."""

    def stop(self) -> None:
        """End and wait for the step it may be in; may be called twice."""


@dataclasses.dataclass(frozen=True)
class Wired:
    """A hub, put together and not yet running."""

    hub: orchestrator.Hub
    database: db.Database
    application: ASGIApp
    loops: tuple[Loop, ...]
    proxy: api.Proxy
    watches: watching.Watches
    stopping: asyncio.Event
    uploads: scratch.Scratch

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do the background work while the block lasts; what runs at sites goes on after it."""
        for loop in self.loops:
            loop.start()
        try:
            yield
        finally:
            self.stop()
            await asyncio.gather(*(asyncio.to_thread(loop.stop) for loop in self.loops))
            await self.close()

    def stop(self) -> None:
        """Let go of all that only follows, so that nothing endless keeps the server from ending."""
        self.stopping.set()
        self.watches.close()

    async def close(self) -> None:
        """Close all connections, and remove uploads on their way; a hub that was running has done so."""
        await self.proxy.close()
        self.uploads.close()
        self.database.close()


def create(read: config.Read, *, address: str | None = None, clock: clocks.Clock | None = None) -> Wired:
    """Put a hub together; `address` is where people reach it, known at last when it listens.

    Migrates the database when that is needed. Nothing runs before `Wired.running`.
    """
    settings = read.settings
    state_folder.make(settings.state_dir)
    database = db.connect(settings.database_url)
    reached = address or f"http://127.0.0.1:{settings.hub.listen_port}"
    hub = _hub(read, database, address=reached, clock=clock or clocks.SystemClock())
    stopping, watches = asyncio.Event(), watching.Watches()
    proxy = api.Proxy(hub.deployments.target, hub.deployments.used)
    uploads = _uploads(settings)
    place = receiving.Place(uploads.path, settings.hub.upload_max_size)
    routed = Starlette(
        routes=[
            Route("/healthz", _healthz, methods=["GET"]),
            *api.routes(hub, proxy=proxy, watches=watches, place=place),
            *web.routes(hub, stopping=stopping, uploads=uploads.path),
        ],
        exception_handlers={HTTPException: _refused, errors.PelagosError: _refused},
    )
    hosts, secure = _hosts(settings, hub.address), hub.address.startswith("https:")
    guarded = identity.Guard(routed, hub.people, hosts=hosts, secure=secure, page=web.refused)
    return Wired(hub, database, guarded, _loops(hub), proxy, watches, stopping, uploads)


def serve(read: config.Read, *, on_listening: Callable[[orchestrator.Hub], None]) -> int:
    """Run a hub until SIGTERM or SIGINT, then let requests in progress finish; gives the exit code.

    `on_listening` gets the hub once requests are answered. Raises InvalidInput for an address beyond loopback and
    Conflict when the port is taken.
    """
    settings = read.settings
    identity.refuse_beyond_loopback(settings.hub.listen_ip, configured=False)
    state_folder.make(settings.state_dir)
    with servers.listening(settings.hub.listen_ip, settings.hub.listen_port) as listener:
        wired = create(read, address=settings.hub.address.rstrip("/") or servers.address(listener).rstrip("/"))
        return servers.uvicorn_loop(_serve(wired, settings, listener, on_listening))


def _hub(read: config.Read, database: db.Database, *, address: str, clock: clocks.Clock) -> orchestrator.Hub:
    settings = read.settings
    sites = _sites(settings)
    known = jobs.Jobs(
        jobs.Store(database), drivers=sites, folder=settings.jobs_dir, cache=settings.jobs.cache_dir, clock=clock
    )
    modules = _modules(settings, known)
    models = jobs.TrainedModels(database, known, clock)
    cards = catalog.Store(database, encode=meaning.installed())
    datasets = storage.Datasets(settings.state_dir / "datasets", limits=_limits(settings.hub), clock=clock)
    sources = catalog.Sources(
        cards,
        database,
        folder=settings.state_dir / "sources",
        clock=clock,
        modules=modules,
        every_s=settings.hub.refresh_every_s,
    )
    proposals = catalog.Proposals(cards, database, clock=clock, modules=modules)
    doings = orchestrator.Doings(datasets=datasets, modules=modules, sources=sources, proposals=proposals, clock=clock)
    around = orchestrator.Surroundings(settings.state_dir / "deployments", modules, _environment(settings))
    deployments = orchestrator.Deployments(
        orchestrator.Store(database), drivers=sites, around=around, clock=clock, models=models
    )
    return orchestrator.Hub(
        address=address,
        cards=cards,
        sources=sources,
        proposals=proposals,
        modules=modules,
        jobs=known,
        models=models,
        datasets=datasets,
        deployments=deployments,
        runs=orchestrator.Runs(known, modules=modules, models=models, sites=sites),
        acts=orchestrator.Acts(
            orchestrator.ActStore(database), doings.all(), folder=settings.state_dir / "acts", clock=clock
        ),
        sites=sites,
        people=identity.LocalIdentity(database, token_file=settings.token_file, clock=clock),
        clock=clock,
        settings=orchestrator.HubSettings(settings.hub.upload_max_size, tuple(_shown(read))),
    )


def _shown(read: config.Read) -> Iterator[orchestrator.Setting]:
    for each in config.names():
        yield orchestrator.Setting(each.name, read.shown(each.name), each.help, read.origins[each.name])


def _loops(hub: orchestrator.Hub) -> tuple[Loop, ...]:
    def read_sources() -> None:
        hub.sources.due(hub.clock.now())

    def run_examples() -> None:
        hub.proposals.due(hub.clock.now())

    return (
        jobs.Loop(hub.jobs),
        orchestrator.Loop(hub.deployments),
        hub.acts,
        Repeated(read_sources, _LOOKED_AT_S),
        Repeated(run_examples, _LOOKED_AT_S),
    )


def _modules(settings: config.Settings, known: jobs.Jobs) -> environments.Environments:
    def in_use() -> list[Path]:
        live = [state for state in states.State if not state.final]
        return [Path(job.command["arguments"][0]) for job in known.find(states=live)]

    limits = settings.environments
    return environments.Environments(
        settings.modules_dir,
        install_timeout_s=limits.install_timeout_s,
        describe_timeout_s=limits.describe_timeout_s,
        in_use=in_use,
    )


def _sites(settings: config.Settings) -> Mapping[str, driver.SiteDriver]:
    local: Any = registry.load("local")
    return {"local": local(slots=settings.jobs.slots)}


def _limits(settings: config.Hub) -> storage.Limits:
    return storage.Limits(
        files=settings.dataset_max_files,
        bytes=settings.unpacked_max_size,
        private_addresses=settings.private_urls,
    )


def _uploads(settings: config.Settings) -> scratch.Scratch:
    # Beside the data sets, so that an upload becomes one by a new name alone.
    folder = settings.state_dir / "uploads"
    folder.mkdir(parents=True, exist_ok=True)
    return scratch.Scratch(folder)


def _environment(settings: config.Settings) -> dict[str, str]:
    """Give the variables by which what we start finds the same state."""
    return {"PELAGOS_STATE_DIR": str(settings.state_dir), "PELAGOS_DATABASE": settings.database}


async def _serve(
    wired: Wired, settings: config.Settings, listener: socket.socket, on_listening: Callable[[orchestrator.Hub], None]
) -> int:
    server = servers.Server(servers.config(wired.application, settings.hub.drain_s, websockets=True))
    async with wired.running():
        _heed_signals(server, wired)
        gc.collect()
        gc.freeze()
        answering = asyncio.create_task(server.serve([listener]))
        while not server.started and not answering.done():
            await asyncio.sleep(0.005)
        whereabouts = settings.state_dir / state_folder.HUB
        durable.write_json(whereabouts, {"address": wired.hub.address})
        try:
            if server.started:
                on_listening(wired.hub)
            await answering
        finally:
            _leave(whereabouts, wired.hub.address)
    return 0


def _leave(whereabouts: Path, address: str) -> None:
    """Take our address away, unless the next hub has put its own there already."""
    with contextlib.suppress(OSError, ValueError):
        if json.loads(whereabouts.read_text(encoding="utf-8")) == {"address": address}:
            whereabouts.unlink()


def _heed_signals(server: servers.Server, wired: Wired) -> None:
    def end() -> None:
        wired.stop()
        server.handle_exit(signal.SIGTERM, None)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    # The terminal it was started from may go; the hub stays.
    loop.add_signal_handler(signal.SIGHUP, lambda: None)


class Repeated:
    """Does something again and again in a thread of its own; what goes wrong is logged and does not end it."""

    def __init__(self, act: Callable[[], object], every_s: float) -> None:
        self._act = act
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin at once."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="pelagos-repeated", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. Does not wait for the present step: it is one that may be cut off anywhere."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._act()
            except Exception:  # The isolation point: a step that failed must not end the thread.
                _LOG.exception("a step of background work failed")
            self._stopping.wait(self._every_s)


def _hosts(settings: config.Settings, address: str) -> frozenset[str]:
    named = urlsplit(address).hostname
    return frozenset({*LOOPBACK, settings.hub.listen_ip, *([named] if named else [])})


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _refused(request: Request, error: Exception) -> Response:
    """Say what went wrong outside of the API and the pages: in front of a deployment, that is."""
    if not isinstance(error, errors.PelagosError) or "text/html" not in request.headers.get("accept", ""):
        answer = await api_errors.answer(request, error)
    else:
        status = runtime_errors.status_of(error)
        answer = HTMLResponse(web.refused(status, error), status)
    answer.headers.update(guard.HEADERS)
    return answer
