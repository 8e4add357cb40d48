"""A hub that is asked to end answers what it was asked before, holds nobody who only follows, and leaves runs alone."""

from __future__ import annotations

import io
import signal
import threading
import zipfile
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path

import httpx

import databases
import hub_world
import pelagos
import waiting
from pelagos import environments

HALF = 2 << 20
"""More bytes than a hub keeps in memory."""


def packed() -> bytes:
    """A file of some size in an archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("one.txt", b"x" * 2 * HALF)
    return target.getvalue()


def upload(hub: hub_world.Process, go_on: threading.Event) -> int:
    """Send one half of an archive and the other when that is said; gives the status of the answer."""
    data = packed()

    def halves() -> Iterator[bytes]:
        yield data[:HALF]
        go_on.wait(waiting.WITHIN_S)
        yield data[HALF:]

    with hub.client() as client:
        return client.put("/api/v1/datasets/late", params={"filename": "a.zip"}, content=halves()).status_code


def follow(hub: hub_world.Process, run_id: str, begun: threading.Event) -> list[str]:
    """Give the lines of a run's stream until that ends; says when the first of its log are there."""
    lines = []
    with hub.client() as client, client.stream("GET", f"/api/v1/runs/{run_id}/events") as stream:
        for line in stream.iter_lines():
            lines.append(line)
            if line == "event: log":
                begun.set()
    return lines


def receives(hub: hub_world.Process) -> bool:
    return any(path.stat().st_size for path in (hub.state / "uploads").rglob("*") if path.is_file())


def refuses(hub: hub_world.Process) -> bool:
    try:
        httpx.get(f"{hub.address}/healthz")
    except httpx.TransportError:
        return True
    return False


@databases.BOTH
class TestHubThatIsAskedToEnd:
    def test_finishes_requests_ends_streams_leaves_runs_and_exits_with_0(
        self, tmp_path: Path, installed_modules: environments.Environments, database_url: str
    ) -> None:
        state = hub_world.link_modules(tmp_path / "state", installed_modules, database_url)
        go_on, begun = threading.Event(), threading.Event()
        with hub_world.process(state) as hub, futures.ThreadPoolExecutor() as pool:
            run = pelagos.Client(state_dir=state).train("counting", epochs=900, delay_s=0.1)
            uploaded, followed = pool.submit(upload, hub, go_on), pool.submit(follow, hub, run.id, begun)
            waiting.until(lambda: receives(hub) and begun.is_set())

            hub.process.send_signal(signal.SIGTERM)
            told = followed.result(hub_world.END_S)
            waiting.until(lambda: refuses(hub))
            go_on.set()
            status, code = uploaded.result(hub_world.END_S), hub.process.wait(hub_world.END_S)

        assert (status, code) == (201, 0)
        assert "event: end" not in told
        assert "Traceback" not in hub.log
        with hub_world.process(state):
            client = pelagos.Client(state_dir=state)
            found = client.runs.get(run.id)
            assert (found.state, [each.name for each in client.datasets.list()]) == ("running", ["late"])
            found.cancel()
            assert found.wait(waiting.WITHIN_S).state == "cancelled"
