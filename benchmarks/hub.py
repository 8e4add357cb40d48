"""How fast the hub's pages are with much in the database, and what many followers of one run cost.

1,000 cards, 10,000 runs and 200 deployments, all made up; a real hub process, asked over loopback by one client. Then
500 followers of one training that goes on, and 100 that follow a long log and do not read. Run it on a quiet machine:
`.venv/bin/python benchmarks/hub.py`. Exits with 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import hub_world  # noqa: E402
import pelagos  # noqa: E402
from pelagos import app, catalog, environments, orchestrator  # noqa: E402
from pelagos.cli import client as clients  # noqa: E402
from pelagos.domain import records, resources, states  # noqa: E402
from pelagos.jobs import store as job_store  # noqa: E402

CARDS, RUNS, DEPLOYMENTS = 1_000, 10_000, 200
PAGE_MS, SLOW_MB, FOLLOWERS, SLOW = 50.0, 100.0, 500, 100
LOG_BYTES = 20_000_000
PAGES = (
    "/",
    "/modules",
    "/modules?q=plankton",
    "/modules/module-7",
    "/runs",
    "/runs?page=150",
    "/runs?state=failed&text=module-7",
    "/runs/{run}",
    "/models",
    "/deployments",
    "/deployment/{deployment}",
    "/datasets",
    "/sites",
    "/settings",
    "/api/v1/runs",
    "/api/v1/deployments",
    "/api/v1/modules?q=plankton",
    "/api/v1/search?q=plankton",
)


def main() -> int:
    """Measure and print the tables."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=30, help="how often each page is asked for")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        state = _state(Path(folder))
        named = _fill(state)
        with hub_world.process(state) as hub:
            client = pelagos.Client(state_dir=state)
            well = [_pages(hub, named, chosen.rounds), _followers(hub, client), _slow(hub, client)]
    return 0 if all(well) else 1


def _state(folder: Path) -> Path:
    installed = environments.Environments(folder / "modules")
    installed.install(str(ROOT / "tests" / "modules_for_tests" / "counting"))
    return hub_world.link_modules(folder / "state", installed)


def _fill(state: Path) -> dict[str, str]:
    """Write the made-up records; gives the ids that pages are asked by."""
    hub = app.create(hub_world.settings(state)).hub
    now = hub.clock.now()
    words = ("plankton", "birds", "galaxies", "litter", "clouds")
    cards = [
        catalog.Card(name=f"module-{each}", title=f"Finds {words[each % 5]} {each}", tags=[words[each % 5]])
        for each in range(CARDS)
    ]
    listed = [each.model_copy(update={"status": catalog.Status.LISTED}) for each in cards]
    hub.cards.put(catalog.Record(each, "made up", "", now) for each in listed)
    database = pelagos.db.connect(hub_world.settings(state).settings.database_url)
    runs = [_run(hub.clock.new_id(), each, now) for each in range(RUNS)]
    with database.write() as writing:
        writing.execute(job_store.jobs.insert(), [job_store._to_row(each) for each in runs])
    deployments = orchestrator.Store(database)
    made = [_deployment(hub.clock.new_id(), each, now) for each in range(DEPLOYMENTS)]
    for each in made:
        deployments.add(each)
    database.close()
    return {"run": runs[-1].id, "deployment": made[-1].id}


def _run(run_id: str, number: int, now: datetime.datetime) -> records.Job:
    began = now - datetime.timedelta(minutes=RUNS - number)
    bad = number % 7 == 0
    return records.Job(
        id=run_id,
        kind=records.Kind.TRAINING,
        module=f"module-{number % 50}",
        arguments={"epochs": number % 30, "dataset": {"$folder": f"/data/{number}"}},
        resources=resources.Resources(),
        site="local",
        created=began,
        state=states.State.FAILED if bad else states.State.DONE,
        reason=states.Reason.MODULE_ERROR if bad else states.Reason.FINISHED,
        started=began,
        finished=began + datetime.timedelta(seconds=50),
        result={"accuracy": 0.9},
    )


def _deployment(deployment_id: str, number: int, now: datetime.datetime) -> orchestrator.Deployment:
    wish = orchestrator.Wish(f"module-{number}", title=f"Deployment {number}")
    return orchestrator.Deployment(deployment_id, wish, now, now, now, state=orchestrator.State.STOP_COMPLETE)


def _pages(hub: hub_world.Process, named: dict[str, str], rounds: int) -> bool:
    print(f"pages with {CARDS} cards, {RUNS} runs, {DEPLOYMENTS} deployments; milliseconds, one client")
    print(f"{'page':<36}{'p50':>8}{'p95':>8}{'KB':>8}")
    worst = 0.0
    with hub.client() as client:
        client.headers["Accept"] = "text/html"
        for page in PAGES:
            times, size = [], 0
            for number in range(rounds + 3):
                began = time.perf_counter()
                answer = client.get(page.format(**named))
                times += [(time.perf_counter() - began) * 1000] if number >= 3 else []
                size = len(answer.content)
                assert answer.status_code == 200, f"{page}: {answer.status_code}"
            p95 = statistics.quantiles(times, n=20)[-1]
            worst = max(worst, p95)
            print(f"{page[:35]:<36}{statistics.median(times):>8.1f}{p95:>8.1f}{size / 1000:>8.1f}")
    return _verdict(f"p95 of every page within {PAGE_MS:.0f} ms", worst, worst <= PAGE_MS)


def _followers(hub: hub_world.Process, client: clients.Client) -> bool:
    run = client.train("counting", epochs=1000, delay_s=0.1)
    before = _memory_mb(hub)
    late, page_ms = asyncio.run(_follow(hub, run.id))
    grown = _memory_mb(hub) - before
    run.cancel()
    print(f"\n{FOLLOWERS} followers of one run: {grown:.0f} MB more, {page_ms:.1f} ms p95 of /healthz meanwhile")
    return _verdict(f"all {FOLLOWERS} followers hear the same event within 2 s", late, late <= 2.0)


async def _follow(hub: hub_world.Process, run_id: str) -> tuple[float, float]:
    """Follow with many at once; gives the spread of one event over all of them, and how pages fare meanwhile."""
    heard: list[float] = []

    async def one(session: aiohttp.ClientSession) -> None:
        async with session.get(f"/api/v1/runs/{run_id}/events") as answer:
            async for line in answer.content:
                if b'"step": 100,' in line:
                    heard.append(time.perf_counter())
                    return

    times = []
    headers = {"Authorization": f"Bearer {hub.token}"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        hub.address, headers=headers, connector=connector, read_bufsize=1 << 20, timeout=aiohttp.ClientTimeout()
    ) as session:
        tasks = [asyncio.create_task(one(session)) for _ in range(FOLLOWERS)]
        while not all(task.done() for task in tasks):
            began = time.perf_counter()
            async with session.get("/healthz"):
                times.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)
    return max(heard) - min(heard), statistics.quantiles(times, n=20)[-1]


def _slow(hub: hub_world.Process, client: clients.Client) -> bool:
    run = client.train("counting", epochs=1000, delay_s=0.1)
    with (hub.state / "jobs" / run.id / "log").open("ab") as log:
        log.write(b"a line of the log that nobody reads\n" * (LOG_BYTES // 36))
    before = _memory_mb(hub)
    with _silent(hub, f"/api/v1/runs/{run.id}/events?from=0.0"):
        worst = before
        for _ in range(100):
            threading.Event().wait(0.1)
            worst = max(worst, _memory_mb(hub))
    run.cancel()
    return _verdict(
        f"{SLOW} slow followers of a log within {SLOW_MB:.0f} MB", worst - before, worst - before <= SLOW_MB
    )


@contextlib.contextmanager
def _silent(hub: hub_world.Process, path: str) -> Iterator[None]:
    """Ask for something many times and read nothing of the answers."""
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{hub.port}\r\nAuthorization: Bearer {hub.token}\r\n\r\n"
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", hub.port)))
            connection.sendall(asked.encode())
        yield


def _memory_mb(hub: hub_world.Process) -> float:
    status = Path(f"/proc/{hub.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _verdict(target: str, value: float, well: bool) -> bool:
    print(f"{target}: {value:.1f}, {'reached' if well else 'MISSED'}")
    return well


if __name__ == "__main__":
    sys.exit(main())
