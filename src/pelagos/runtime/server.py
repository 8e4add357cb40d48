"""Serve modules over HTTP until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from pelagos import environments
from pelagos import jobs as jobs_room
from pelagos.domain import errors
from pelagos.runtime import app, connection, pool, processes, refreshing, scratch, tail, trained, worker
from pelagos.runtime import service as services

BACKLOG = 2048
KEEP_ALIVE_S = 75


@dataclasses.dataclass(frozen=True)
class Offered:
    """A module to serve."""

    code: worker.Code
    description: Mapping[str, Any] | None = None
    """When it is known already; the worker gives it otherwise."""
    interpreter: Callable[[Path], Path] | None = None
    """Gives the Python of workers that must see a folder: that of the requests' files. None: they see everything."""
    first: processes.Started | None = None
    """The process of the first worker, when it was started already."""

    def code_of_workers(self, uploads: Path) -> worker.Code:
        """Give the code that workers run; jobs have no use for the folder of requests."""
        if self.interpreter is None:
            return self.code
        code = self.code
        python = self.interpreter(uploads)
        return environments.ModuleCode(code.name, code.kind, code.entry, python, code.path, code.cwd)


def serve(
    settings: services.RuntimeSettings,
    modules: Sequence[Offered],
    jobs: jobs_room.Jobs | None,
    *,
    on_listening: Callable[[str], None] = print,
    on_log: processes.Log = pool.print_log,
) -> int:
    """Serve until SIGTERM or SIGINT, then let requests in progress finish; gives the exit code.

    `on_listening` gets the address once requests are answered. Raises Conflict when the port is taken and ModuleFailed
    when a module cannot be loaded.
    """
    local = settings.listen_socket
    with listening_at(local) if local else listening(settings.listen_ip, settings.listen_port) as listener:
        return uvicorn_loop(_serve(settings, modules, jobs, listener, on_listening, on_log))


def uvicorn_loop(work: Any) -> int:
    """Run a coroutine on the fast event loop."""
    with asyncio.Runner(loop_factory=uvicorn.Config(lambda: None).get_loop_factory()) as runner:
        result: int = runner.run(work)
        return result


async def _serve(
    settings: services.RuntimeSettings,
    modules: Sequence[Offered],
    jobs: jobs_room.Jobs | None,
    listener: socket.socket,
    on_listening: Callable[[str], None],
    on_log: processes.Log,
) -> int:
    async with running(settings, modules, jobs, on_log=on_log) as service:
        server = Server(config(app.create(service), settings.drain_s))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, _stop, server, service)
        # What is there now stays: the collector need not walk through it again and again, many milliseconds each time.
        gc.collect()
        gc.freeze()
        answering = asyncio.create_task(server.serve([listener]))
        while not server.started and not answering.done():
            await asyncio.sleep(0.005)
        if server.started:
            on_listening(address(listener, app.base_path(settings)))
        await answering
    return 0


@contextlib.asynccontextmanager
async def running(
    settings: services.RuntimeSettings,
    modules: Sequence[Offered],
    jobs: jobs_room.Jobs | None,
    *,
    on_log: processes.Log = pool.print_log,
) -> AsyncIterator[services.Service]:
    """Start the workers of all modules and give the service; everything ends with the block."""
    async with contextlib.AsyncExitStack() as stack:
        uploads = stack.enter_context(scratch.Scratch()).path
        log = tail.Tail()

        def remembered(text: bytes) -> None:
            log.add(text)
            on_log(text)

        pools = [
            pool.Pool(each.code_of_workers(uploads), settings.pool(), ahead=each.first, on_log=remembered)
            for each in modules
        ]
        await asyncio.gather(*(stack.enter_async_context(each) for each in pools))
        served = {
            offered.code.name: services.served(offered.code, _described(offered, each), each, settings.default_model)
            for offered, each in zip(modules, pools, strict=True)
        }
        if jobs is not None:
            loop = jobs_room.Loop(jobs)
            loop.start()
            stack.push_async_callback(asyncio.to_thread, loop.stop)
            await stack.enter_async_context(refreshing.refreshed(served, jobs))
        yield services.Service(settings, served, jobs, trained.Models(jobs), uploads, log=log)


def _described(offered: Offered, workers: pool.Pool) -> Mapping[str, Any]:
    """Choose the description: that of a DEEPaaS module may have changed without its code having changed."""
    remembered, fresh = offered.description, workers.description
    first, second = (fresh, remembered) if offered.code.kind in ("deepaas", "remote") else (remembered, fresh)
    return first or second or {}


def address(listener: socket.socket, base: str = "") -> str:
    """Give the address where a server answers."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}{base}/"


def listening(ip: str, port: int) -> socket.socket:
    """Listen on a port, 0 takes a free one. Raises Conflict when it is taken."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ip, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise errors.Conflict(
            f"cannot listen on {ip} port {port}: {error.strerror}",
            hint="Choose another port with --listen-port, or 0 for any free one.",
        ) from error
    return listener


def listening_at(path: str) -> socket.socket:
    """Listen on a Unix socket that only this user reaches. Raises Conflict when the place is taken."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(path)
        Path(path).chmod(0o600)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise errors.Conflict(f"cannot listen on {path}: {error.strerror or error}") from error
    return listener


def config(application: ASGIApp, drain_s: float, *, websockets: bool = False) -> uvicorn.Config:
    """Say how an application is served here; requests in progress may go on for `drain_s` after the end was asked."""
    return uvicorn.Config(
        application,
        http=connection.Connection,
        ws="websockets-sansio" if websockets else "none",
        lifespan="off",
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )


def _stop(server: Server, service: services.Service) -> None:
    service.stopping.set()
    server.handle_exit(signal.SIGTERM, None)


class Server(uvicorn.Server):
    """Uvicorn, with the signals left to us: it would end the process by the signal instead of exiting with 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield
