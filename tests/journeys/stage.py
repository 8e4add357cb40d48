"""The stage of the stories: real servers with small modules, in a state folder of their own.

`running` starts one in a process of its own, as `pelagos run` would; the modules run in this Python, so nothing has to
be installed. Run as a program it is that server.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pelagos.jobs
from pelagos import db, environments
from pelagos.domain import clock
from pelagos.environments import authors
from pelagos.runtime import server, service
from pelagos.sites.drivers import local

MODULES = Path(__file__).parent / "modules"
ENTRIES: Mapping[str, str] = {
    "pictures": "stage_pictures:Pictures",
    "talking": "stage_talking:Talking",
    "hostile": "stage_hostile:Hostile",
}
DEEPAAS: Mapping[str, str] = {"terns": "stage_terns"}
"""Written for DEEPaaS: they run in a folder of their own."""


class Served(NamedTuple):
    """A server that runs."""

    url: str
    """Without a slash at its end."""
    state: Path
    process: subprocess.Popen[str]


def jobs_in(state: Path) -> pelagos.jobs.Jobs:
    """Open the jobs of a state folder."""
    state.mkdir(parents=True, exist_ok=True)
    return pelagos.jobs.Jobs(
        pelagos.jobs.Store(db.connect(f"sqlite:///{state / 'pelagos.sqlite3'}")),
        drivers={"local": local.LocalDriver(slots=2)},
        folder=state / "jobs",
        cache=state / "cache",
        clock=clock.SystemClock(),
    )


def code(state: Path, name: str) -> environments.ModuleCode:
    """Tell where a module of the stage is: in a folder that holds it and `pelagos.module`, and nothing else of ours."""
    place = authors.make(state / ".author")
    entry = {**ENTRIES, **DEEPAAS}[name]
    package = entry.partition(":")[0]
    if not (place / package).exists():
        shutil.copytree(MODULES / package, place / package)
    if name in ENTRIES:
        return environments.ModuleCode(name, "native", entry, Path(sys.executable), place)
    home = state / name
    home.mkdir(exist_ok=True)
    return environments.ModuleCode(name, "deepaas", entry, Path(sys.executable), place, home)


@contextlib.contextmanager
def running(state: Path, modules: Sequence[str] = ("pictures",), *, base_path: str = "") -> Iterator[Served]:
    """Serve modules until the block ends; the server is asked to end and has to do it by itself."""
    command = [sys.executable, str(Path(__file__)), str(state), base_path, *modules]
    with (
        (state.parent / f"{state.name}.server-log").open("a") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip().rstrip("/")
            assert url, Path(log.name).read_text()
            yield Served(url, state, process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def main(state: Path, base_path: str, modules: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    jobs = jobs_in(state)
    loop = pelagos.jobs.Loop(jobs, interval_s=0.2)
    loop.start()
    settings = service.RuntimeSettings(listen_port=0, base_path=base_path, drain_s=3)
    try:
        offered = [server.Offered(code(state, name)) for name in modules]
        return server.serve(settings, offered, jobs, on_listening=lambda url: print(url, flush=True))
    finally:
        loop.stop()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
